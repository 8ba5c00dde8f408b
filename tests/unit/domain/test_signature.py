"""The webhook's signature: what was signed passes, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.signature import KEY_ID, SIGNATURE, TIMESTAMP, WINDOW_SECONDS, sign, verify
from shared.errors import NotAllowed

NOW = 1_767_268_800
SECRET = b"a secret of this installation"
KEYS = [("new", SECRET), ("old", b"the secret before")]


def signed(body: bytes = b"{}", key_id: str = "new", secret: bytes = SECRET, at: int = NOW) -> dict[str, str]:
    """The headers of an honest sender."""
    return sign(body, key_id=key_id, secret=secret, timestamp=at)


def accepted(body: bytes, headers: dict[str, str], now: int = NOW) -> bool:
    """Whether the receiver takes it."""
    try:
        verify(body, headers, keys=KEYS, timestamp=now)
    except NotAllowed:
        return False
    return True


@given(st.binary(max_size=2000))
def test_what_was_signed_is_accepted(body: bytes) -> None:
    assert accepted(body, signed(body))
    assert accepted(body, signed(body, "old", KEYS[1][1]))


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_another_body_is_refused(body: bytes, other: bytes) -> None:
    assert accepted(other, signed(body)) == (body == other)


@given(st.integers(-WINDOW_SECONDS, WINDOW_SECONDS).filter(bool))
def test_a_replay_with_a_fresh_time_is_refused(shift: int) -> None:
    assert not accepted(b"{}", signed() | {TIMESTAMP: str(NOW + shift)})


@given(st.binary(min_size=1, max_size=64).filter(lambda secret: secret != SECRET))
def test_another_secret_is_refused(secret: bytes) -> None:
    assert not accepted(b"{}", signed(secret=secret))


@given(st.data())
def test_a_signature_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    headers = signed()
    given = headers[SIGNATURE]
    place = data.draw(st.integers(0, len(given) - 1))
    other = data.draw(st.characters(codec="latin-1").filter(lambda character: character != given[place]))
    assert not accepted(b"{}", headers | {SIGNATURE: f"{given[:place]}{other}{given[place + 1 :]}"})


@pytest.mark.parametrize("key_id", ["", "unknown", "NEW", "new ", "old"])
def test_another_key_id_is_refused(key_id: str) -> None:
    assert not accepted(b"{}", signed() | {KEY_ID: key_id})


def test_an_unknown_key_is_refused_even_if_the_empty_secret_signed_it() -> None:
    assert not accepted(b"{}", signed(key_id="unknown", secret=b""))


@pytest.mark.parametrize(
    ("late", "taken"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)]
)
def test_the_time_may_be_off_by_five_minutes_and_no_more(late: int, taken: bool) -> None:
    assert accepted(b"{}", signed(), now=NOW + late) == taken


@pytest.mark.parametrize("missing", [TIMESTAMP, KEY_ID, SIGNATURE])
def test_without_any_of_its_headers_it_is_refused(missing: str) -> None:
    headers = signed()
    del headers[missing]
    assert not accepted(b"{}", headers)


@pytest.mark.parametrize(
    "time", ["", "now", "-1", "1e9", "+1", "1767268800.0", " 1767268800", "9" * 5000, "\u0661", "0x10", "1_0"]
)
def test_a_time_that_is_no_plain_number_is_refused(time: str) -> None:
    assert not accepted(b"{}", signed() | {TIMESTAMP: time})


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_header_names_have_no_case(spelling: object) -> None:
    headers = {spelling(name): value for name, value in signed().items()}  # type: ignore[operator]
    assert accepted(b"{}", headers)


def test_without_keys_nothing_is_accepted() -> None:
    with pytest.raises(NotAllowed):
        verify(b"{}", signed(), keys=[], timestamp=NOW)
