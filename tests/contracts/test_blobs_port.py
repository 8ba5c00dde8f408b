"""``Blobs``: an object is there whole or not at all, one of several racers stores, bad keys are refused."""

import hashlib
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidInput, NotFound
from shared.ports.blobs import Blobs, Stat
from tests.support.crowd import at_once
from tests.support.facts import at
from tests.support.properties import examples

KEY = "batches/b1/summary.json"
BAD_KEYS = (
    *("", "/", "/etc/passwd", "a/", "/a", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/./b"),
    *("a\x00b", "a\nb", "a\n", "a b", "a\\b", "~/a", ".hidden", "a/.part-1", "é", "a?b", "a%2fb", "C:\\a"),
    *("k" * 256, "a/" * 300 + "a", "k" * 5000),
)


def stat_of(key: str, content: bytes) -> Stat:
    """What the store must say of this content."""
    return Stat(key, len(content), hashlib.sha256(content).hexdigest())


def test_what_was_put_is_got_back(blobs: Blobs) -> None:
    assert blobs.put(KEY, b"one") == stat_of(KEY, b"one")
    assert blobs.get(KEY) == b"one"
    assert blobs.stat(KEY) == stat_of(KEY, b"one")
    assert b"".join(blobs.stream(KEY)) == b"one"


def test_a_put_replaces_what_stood_there(blobs: Blobs) -> None:
    blobs.put(KEY, b"a longer first content")
    blobs.put(KEY, b"two")
    assert blobs.get(KEY) == b"two"
    assert blobs.stat(KEY) == stat_of(KEY, b"two")


def test_a_put_if_absent_leaves_what_stood_there(blobs: Blobs) -> None:
    assert blobs.put_if_absent(KEY, b"one")
    assert not blobs.put_if_absent(KEY, b"two")
    assert blobs.get(KEY) == b"one"


def test_a_deleted_key_is_free_again(blobs: Blobs) -> None:
    blobs.put(KEY, b"one")
    blobs.delete(KEY)
    assert blobs.put_if_absent(KEY, b"two")
    assert blobs.get(KEY) == b"two"


@pytest.mark.parametrize("key", [KEY, "batches/b1", "batches", f"{KEY}/below"])
def test_deleting_what_is_no_object_is_no_error_and_takes_nothing_away(blobs: Blobs, key: str) -> None:
    blobs.delete(KEY)
    blobs.put(f"{KEY}.other", b"kept")
    if key != KEY:
        blobs.put(KEY, b"kept")
    blobs.delete(key)
    assert len(list(blobs.list("batches/"))) == (1 if key == KEY else 2)


def test_many_are_deleted_and_no_others(blobs: Blobs) -> None:
    keys = [f"batches/b{n % 3}/{n}" for n in range(120)]
    for key in [*keys, "batches/b1/kept", "batches/b1.json"]:
        blobs.put(key, b"x")
    blobs.delete_many(iter([*keys, keys[0], "batches/b9/never", "batches/b1"]))
    assert list(blobs.list("batches/")) == ["batches/b1.json", "batches/b1/kept"]
    blobs.delete_many([])


def test_deleting_many_twice_at_once_is_no_error(blobs: Blobs) -> None:
    keys = [f"batches/b1/{n}" for n in range(40)]
    for key in keys:
        blobs.put(key, b"x")
    at_once(blobs.delete_many, [keys, keys[::-1]])
    assert list(blobs.list("batches/")) == []


def test_of_many_that_are_deleted_a_bounded_number_is_taken_ahead(blobs: Blobs) -> None:
    def keys() -> Iterator[str]:
        yield "many/0"
        for n in range(1, 600):
            yield f"many/{n}"
        with pytest.raises(NotFound):
            blobs.get("many/0")

    blobs.put("many/0", b"x")
    blobs.delete_many(keys())


def test_of_sixteen_racing_puts_if_absent_one_stores(blobs: Blobs) -> None:
    contents = [bytes([65 + n]) * 100_000 for n in range(16)]
    won = at_once(lambda c: blobs.put_if_absent(KEY, iter([c[:50_000], c[50_000:]])), contents)
    assert sum(won) == 1
    assert blobs.get(KEY) == contents[won.index(True)]
    assert list(blobs.list("batches/")) == [KEY]


def test_readers_never_see_half_of_an_object(blobs: Blobs) -> None:
    contents = [bytes([65 + n]) * 200_000 for n in range(2)]
    blobs.put(KEY, contents[0])

    def write() -> bool:
        return all(blobs.put(KEY, contents[n % 2]).size == 200_000 for n in range(40))

    def read() -> bool:
        return all(blobs.get(KEY) in contents for _ in range(40))

    assert all(at_once(lambda deed: deed(), [write, write, read, read, read, read]))


@pytest.mark.parametrize("method", ["put", "put_if_absent"])
def test_content_that_breaks_off_leaves_no_trace(blobs: Blobs, method: str) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise LookupError("the source died")

    with pytest.raises(LookupError, match="the source died"):
        getattr(blobs, method)(KEY, broken())
    assert list(blobs.list("batches/")) == []
    blobs.put(KEY, b"whole")
    with pytest.raises(LookupError):
        blobs.put(KEY, broken())
    assert blobs.get(KEY) == b"whole"


ASKS: dict[str, Callable[[Blobs, str], object]] = {
    "get": lambda blobs, key: blobs.get(key),
    "stream": lambda blobs, key: blobs.stream(key),
    "stat": lambda blobs, key: blobs.stat(key),
}
DEEDS: dict[str, Callable[[Blobs, str], object]] = ASKS | {
    "put": lambda blobs, key: blobs.put(key, b""),
    "put_if_absent": lambda blobs, key: blobs.put_if_absent(key, b""),
    "delete": lambda blobs, key: blobs.delete(key),
    "delete_many": lambda blobs, key: blobs.delete_many([key]),
    "get_url": lambda blobs, key: blobs.get_url(key, until=at(60)),
    "put_url": lambda blobs, key: blobs.put_url(key, until=at(60)),
}


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("key", ["a/missing", "a", "a/present/below"])
def test_what_is_not_there_is_not_found_before_the_first_byte(blobs: Blobs, ask: str, key: str) -> None:
    blobs.put("a/present", b"x")
    with pytest.raises(NotFound):
        ASKS[ask](blobs, key)


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: repr(key[:20]))
@pytest.mark.parametrize("deed", DEEDS)
def test_a_bad_key_is_refused_as_such(blobs: Blobs, deed: str, key: str) -> None:
    with pytest.raises(InvalidInput, match="not an object key"):
        DEEDS[deed](blobs, key)


@pytest.mark.parametrize("prefix", ["../", "/", "a/../", "a\x00/", ".git/"])
def test_a_bad_prefix_is_refused_as_such(blobs: Blobs, prefix: str) -> None:
    with pytest.raises(InvalidInput):
        list(blobs.list(prefix))


def test_a_list_holds_the_keys_below_a_prefix_and_no_others(blobs: Blobs) -> None:
    for key in ("a/b/1", "a/b/2/3", "a/bc", "a/b.json", "ab/1", "a/c/1"):
        blobs.put(key, b"")
    assert list(blobs.list("a/b/")) == ["a/b/1", "a/b/2/3"]
    assert list(blobs.list("a/")) == ["a/b.json", "a/b/1", "a/b/2/3", "a/bc", "a/c/1"]
    assert list(blobs.list("nothing/")) == []


names = st.text("ab01_-.", min_size=1, max_size=4).filter(lambda name: name[0] not in ".-")


@examples(40)
@given(keys=st.sets(st.lists(names, min_size=1, max_size=3).map("/".join), max_size=8))
def test_a_list_is_in_the_order_of_the_keys(blobs: Blobs, keys: set[str]) -> None:
    # A key below another object's key would need a folder and a file of one name.
    keys = {key for key in keys if not any(other.startswith(f"{key}/") for other in keys)}
    folder = uuid4().hex
    for key in keys:
        blobs.put(f"{folder}/{key}", key.encode())
    assert list(blobs.list(f"{folder}/")) == sorted(f"{folder}/{key}" for key in keys)


@examples(30)
@given(pieces=st.lists(st.binary(max_size=3000), max_size=5))
def test_any_content_comes_back_in_any_pieces(blobs: Blobs, pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    assert blobs.put(KEY, iter(pieces)) == stat_of(KEY, content)
    assert blobs.get(KEY) == content == b"".join(blobs.stream(KEY))


@given(
    st.lists(
        st.tuples(st.sampled_from([f"b{n}/k{n % 3}" for n in range(9)]), st.binary(max_size=9)), max_size=20
    )
)
@examples(30)
def test_many_are_stored_as_if_one_after_the_other(blobs: Blobs, items: list[tuple[str, bytes]]) -> None:
    stats = list(blobs.put_many(iter(items)))
    assert stats == [stat_of(key, content) for key, content in items]
    assert {key: blobs.get(key) for key in dict(items)} == dict(items)


def test_of_many_a_bounded_number_is_taken_ahead(blobs: Blobs) -> None:
    taken = list[int]()

    def items() -> Iterator[tuple[str, bytes]]:
        for n in range(3000):
            taken.append(n)
            yield f"many/{n % 50}/{n}", b"x"

    stats = blobs.put_many(items())
    assert next(stats) == stat_of("many/0/0", b"x")
    assert len(taken) < 2500
    assert blobs.get("many/0/0") == b"x"
    assert len(list(stats)) == 2999


def test_a_bad_key_among_many_is_refused_and_leaves_no_half_object(blobs: Blobs) -> None:
    with pytest.raises(InvalidInput):
        list(blobs.put_many([("good/a", b"1"), ("../bad", b"2")]))
    assert all(blobs.get(key) == b"1" for key in blobs.list("good/"))


def test_an_item_that_cannot_be_made_stops_many(blobs: Blobs) -> None:
    def items() -> Iterator[tuple[str, bytes]]:
        yield "good/a", b"1"
        raise LookupError("no more")

    with pytest.raises(LookupError):
        list(blobs.put_many(items()))
