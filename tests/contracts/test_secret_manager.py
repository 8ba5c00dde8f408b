"""Keys in Secret Manager: rotation without a restart, during which every process knows what it is shown."""

import secrets
from datetime import timedelta

import grpc
import pytest
from google.api_core.exceptions import FailedPrecondition

from shared.adapters.gcp.secrets import KEPT, SecretManagerSecrets
from shared.adapters.gcp.signing import hmac_keys
from shared.errors import Unavailable
from shared.ports.world import Key
from tests.contracts.gcp import GcpBackend

MOMENT = timedelta(seconds=1)


def add(gcp: GcpBackend, payload: bytes | None = None) -> str:
    """A new version of the webhook's key; its name."""
    payload = payload or secrets.token_hex(32).encode()
    secret = f"projects/{gcp.project}/secrets/omtx-webhook"
    return gcp.secret_manager.add(secret, payload, created=gcp.clock.now())


def ids(gcp: GcpBackend) -> list[str]:
    return [key.id for key in gcp.secrets.keys("webhook")]


def test_a_new_key_is_known_everywhere_before_anyone_signs_with_it(gcp: GcpBackend) -> None:
    assert ids(gcp) == ["1"]
    add(gcp)
    gcp.clock.advance(KEPT)
    assert ids(gcp) == ["1", "2"]
    gcp.clock.advance(KEPT - MOMENT)
    assert ids(gcp) == ["1", "2"]
    gcp.clock.advance(MOMENT)
    assert ids(gcp) == ["2", "1"]


def test_a_process_that_starts_during_a_rotation_signs_as_the_others_do(gcp: GcpBackend) -> None:
    add(gcp)
    assert ids(gcp) == ["1", "2"]


def test_what_one_process_signs_with_every_other_accepts_at_every_moment(gcp: GcpBackend) -> None:
    client = gcp.stack.enter_context(gcp.secret_manager.served())
    processes = []
    for n in range(30):
        if n < 10:
            processes.append(SecretManagerSecrets(client, gcp.project, prefix="omtx", clock=gcp.clock))
        if n == 12:
            add(gcp)
        signed_with = {process.keys("webhook")[0].id for process in processes}
        accepted = [{key.id for key in process.keys("webhook")} for process in processes]
        assert all(signed_with <= known for known in accepted)
        gcp.clock.advance(KEPT / 10 + n * MOMENT)


def test_the_only_key_is_signed_with_however_new_it_is(gcp: GcpBackend) -> None:
    gcp.secret_manager.disable(f"projects/{gcp.project}/secrets/omtx-webhook/versions/1")
    add(gcp)
    assert ids(gcp) == ["2"]


def test_two_keys_are_valid_at_most(gcp: GcpBackend) -> None:
    for _ in range(4):
        add(gcp)
        gcp.clock.advance(timedelta(hours=1))
    assert ids(gcp) == ["5", "4"]


def test_a_disabled_key_is_refused_within_five_minutes(gcp: GcpBackend) -> None:
    newest = add(gcp)
    gcp.clock.advance(timedelta(hours=1))
    assert ids(gcp) == ["2", "1"]
    gcp.secret_manager.disable(newest)
    gcp.clock.advance(KEPT)
    assert ids(gcp) == ["1"]


def test_keys_are_read_once_in_five_minutes(gcp: GcpBackend) -> None:
    ids(gcp)
    calls = gcp.secret_manager.calls
    gcp.clock.advance(KEPT - MOMENT)
    ids(gcp)
    assert gcp.secret_manager.calls == calls
    gcp.clock.advance(MOMENT)
    ids(gcp)
    assert gcp.secret_manager.calls == 2 * calls


def test_a_line_break_at_the_end_of_a_secret_is_no_part_of_it(gcp: GcpBackend) -> None:
    add(gcp, b"from a file\n")
    gcp.clock.advance(timedelta(hours=1))
    assert gcp.secrets.keys("webhook")[0] == Key("2", b"from a file")


@pytest.mark.parametrize("status", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INTERNAL])
def test_while_the_service_fails_there_are_no_keys_and_then_there_are(
    gcp: GcpBackend, status: grpc.StatusCode
) -> None:
    gcp.secret_manager.failing = status
    with pytest.raises(Unavailable):
        ids(gcp)
    gcp.secret_manager.failing = None
    assert ids(gcp) == ["1"]


def test_a_secret_that_nobody_made_can_still_be_made(gcp: GcpBackend) -> None:
    with pytest.raises(Unavailable, match="omtx-other is not there"):
        gcp.secrets.keys("other")
    secret = f"projects/{gcp.project}/secrets/omtx-other"
    made = gcp.secret_manager.add(secret, b"x", created=gcp.clock.now())
    assert [key.id for key in gcp.secrets.keys("other")] == ["1"]
    gcp.secret_manager.disable(made)
    gcp.clock.advance(KEPT)
    with pytest.raises(Unavailable, match="no enabled version"):
        gcp.secrets.keys("other")


def test_an_hmac_key_is_stored_with_its_access_id() -> None:
    assert hmac_keys([Key("3", b"GOOG1E:abc/+=\n")]) == [Key("GOOG1E", b"abc/+=")]


@pytest.mark.parametrize("payload", [b"", b"abc", b":abc", b"GOOG1E:"])
def test_what_is_no_hmac_key_is_refused_by_its_version(payload: bytes) -> None:
    with pytest.raises(Unavailable, match="version 3"):
        hmac_keys([Key("3", payload)])


def test_the_test_service_refuses_a_disabled_version(gcp: GcpBackend) -> None:
    name = add(gcp)
    gcp.secret_manager.disable(name)
    with gcp.secret_manager.served() as client, pytest.raises(FailedPrecondition, match="not enabled"):
        client.access_secret_version(name=name)
