"""``Keys``: made once, found by their ids, listed by owner, closed for good."""

from datetime import timedelta

import pytest

from shared.errors import NotFound
from shared.models.access import ApiKey, Scope, Tier
from shared.ports.keys import Keys
from tests.contracts.backends import Backend
from tests.support.facts import at
from tests.support.world import NOON


@pytest.fixture
def keys(backend: Backend) -> Keys:
    """The keys of a backend."""
    return backend.keys


def a_key(number: int = 1, *, owner: str = "ada", seconds: float | None = None) -> ApiKey:
    """A key made so many seconds after noon."""
    return ApiKey(
        id=f"{number:012d}",
        owner=owner,
        name="bench",
        scopes=frozenset({Scope.READ, Scope.DELETE}),
        tier=Tier.PREMIUM,
        digest=f"{number:064x}",
        created_at=at(number if seconds is None else seconds),
    )


def ids(found: object) -> list[int]:
    """The numbers of the keys."""
    assert isinstance(found, list)
    return [int(key.id) for key in found]


def test_a_key_is_found_as_it_was_made(keys: Keys) -> None:
    assert not keys.any()
    assert keys.create(a_key())
    assert keys.any()
    assert keys.find(a_key().id) == a_key()


def test_a_second_key_of_the_same_id_changes_nothing(keys: Keys) -> None:
    keys.create(a_key())
    assert not keys.create(a_key(owner="eve"))
    assert keys.find(a_key().id).owner == "ada"


@pytest.mark.parametrize("key_id", ["0" * 12, "", "../x", "a/b", "é" * 12])
def test_what_there_is_not_is_not_found(keys: Keys, key_id: str) -> None:
    with pytest.raises(NotFound):
        keys.find(key_id)
    with pytest.raises(NotFound):
        keys.revoke(key_id, now=NOON)
    with pytest.raises(NotFound):
        keys.rotate(key_id, "f" * 64, old_until=NOON)


def test_keys_of_an_owner_come_in_pages_newest_first(keys: Keys) -> None:
    for number in (2, 1, 5, 3):
        keys.create(a_key(number))
    keys.create(a_key(4, owner="eve"))
    assert ids(keys.of_owner("ada", limit=2, after=None)) == [5, 3]
    assert ids(keys.of_owner("ada", limit=9, after=a_key(3).id)) == [2, 1]
    assert ids(keys.of_owner("eve", limit=9, after=None)) == [4]
    assert keys.of_owner("ad", limit=9, after=None) == []
    with pytest.raises(NotFound):
        keys.of_owner("ada", limit=9, after=a_key(4).id)


def test_keys_of_one_moment_are_listed_once_each(keys: Keys) -> None:
    for number in (1, 2, 3):
        keys.create(a_key(number, seconds=0))
    first = ids(keys.of_owner("ada", limit=2, after=None))
    assert first == [3, 2]
    assert ids(keys.of_owner("ada", limit=2, after=a_key(2).id)) == [1]


def test_revoking_twice_keeps_the_first_time(keys: Keys) -> None:
    keys.create(a_key())
    assert keys.revoke(a_key().id, now=at(5)).revoked_at == at(5)
    assert keys.revoke(a_key().id, now=at(9)).revoked_at == at(5)
    assert keys.find(a_key().id).revoked_at == at(5)


def test_rotating_keeps_the_former_secret_and_no_older_one(keys: Keys) -> None:
    keys.create(a_key())
    keys.rotate(a_key().id, "a" * 64, old_until=at(60))
    keys.rotate(a_key().id, "b" * 64, old_until=at(90))
    found = keys.find(a_key().id)
    assert (found.digest, found.old_digest, found.old_until) == ("b" * 64, "a" * 64, at(90))


def test_a_use_is_written_at_most_once_a_minute(keys: Keys) -> None:
    keys.create(a_key())
    keys.touch(a_key().id, now=at(10))
    keys.touch(a_key().id, now=at(69))
    assert keys.find(a_key().id).last_used_at == at(10)
    keys.touch(a_key().id, now=at(10) + timedelta(minutes=1))
    assert keys.find(a_key().id).last_used_at == at(70)


def test_a_use_changes_nothing_else_and_survives_what_does(keys: Keys) -> None:
    keys.create(a_key())
    keys.touch(a_key().id, now=at(10))
    keys.revoke(a_key().id, now=at(11))
    found = keys.find(a_key().id)
    assert (found.last_used_at, found.revoked_at) == (at(10), at(11))


def test_a_use_of_a_key_that_is_not_there_is_no_mistake(keys: Keys) -> None:
    keys.touch("0" * 12, now=NOON)
    assert not keys.any()
