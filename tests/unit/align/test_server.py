"""The client of an MSA server: what each answer means."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from services.align import server as client
from services.align.server import Later, MsaServer, Refused, Ticket, connection
from shared.errors import NotFound
from shared.ports.world import Key
from shared.settings import Settings
from tests.support import msa_server

SEQUENCE = "MNIFEMLRID"


class Keys:
    """Secrets that hold one login."""

    def keys(self, purpose: str) -> list[Key]:
        """See ``Secrets.keys``."""
        if purpose != "msa-login":
            raise NotFound(purpose)
        return [Key(id="1", secret=b"ada:secret\n")]


@pytest.fixture
def there() -> Iterator[msa_server.MsaServer]:
    """The server."""
    with msa_server.MsaServer() as made:
        yield made


@pytest.fixture
def here(there: msa_server.MsaServer) -> Iterator[MsaServer]:
    """A connection to it."""
    with connection(Settings(msa_server=f"{there.url}/", msa_insecure=True), Keys) as made:
        yield made


def test_a_search_is_a_ticket_its_state_and_an_archive(here: MsaServer, there: msa_server.MsaServer) -> None:
    there.states = ["PENDING", "RUNNING"]
    asked = here.submit(SEQUENCE, "env")
    assert asked.id is not None
    assert [asked.state, here.poll(asked.id).state, here.poll(asked.id).state] == [
        "PENDING",
        "RUNNING",
        "COMPLETE",
    ]
    assert here.download(asked.id) == msa_server.archive_of(SEQUENCE)
    assert here.submit(SEQUENCE, "env") == Ticket(asked.id, "COMPLETE")


@pytest.mark.parametrize("said", [429, 500, 502, 503, 504, b"", b"[]", b"\xff", b'{"status": "NEW"}', b"{}"])
def test_an_answer_that_says_nothing_is_one_for_another_time(
    here: MsaServer, there: msa_server.MsaServer, said: Any
) -> None:
    there.states = [said]
    with pytest.raises(Later):
        here.submit(SEQUENCE, "env")


@pytest.mark.parametrize("said", [301, 400, 401, 403, 404, 418])
def test_a_refusal_is_told_by_its_number(here: MsaServer, there: msa_server.MsaServer, said: int) -> None:
    there.states = [said]
    with pytest.raises(Refused, match=f"the server answered {said}") as refusal:
        here.submit(SEQUENCE, "env")
    assert refusal.value.answered == said


@pytest.mark.parametrize("id", ["../../etc", "a/b", "", "x" * 201, 7, None])
def test_a_ticket_that_could_lead_elsewhere_is_none(
    here: MsaServer, there: msa_server.MsaServer, id: Any
) -> None:
    there.states = [{"id": id, "status": "COMPLETE"}]
    assert here.submit(SEQUENCE, "env") == Ticket(None, "COMPLETE")


def test_an_archive_is_no_larger_than_is_good_for_us(
    here: MsaServer, there: msa_server.MsaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_ARCHIVE_BYTES", 100)
    ticket = here.submit(SEQUENCE, "env").id
    assert ticket is not None
    with pytest.raises(Refused, match="larger than 100 bytes"):
        here.download(ticket)


def test_an_archive_that_comes_too_slowly_is_left_for_another_time(
    here: MsaServer, there: msa_server.MsaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ARCHIVE_SECONDS", -1.0)
    ticket = here.submit(SEQUENCE, "env").id
    assert ticket is not None
    with pytest.raises(Later, match="too slowly"):
        here.download(ticket)


def test_nobody_there_is_one_for_another_time() -> None:
    nowhere = Settings(msa_server="http://127.0.0.1:9", msa_insecure=True)
    with connection(nowhere, Keys) as made, pytest.raises(Later, match="ConnectError"):
        made.submit(SEQUENCE, "env")


def test_a_login_may_be_kept_among_the_secrets(there: msa_server.MsaServer) -> None:
    there.login = "Basic YWRhOnNlY3JldA=="
    settings = Settings(msa_server=there.url, msa_insecure=True, msa_login_in="secrets")
    with connection(settings, Keys) as made:
        assert made.submit(SEQUENCE, "env").state == "COMPLETE"


@pytest.mark.parametrize("url", ["http://msa.example.org", "http://localhost:1", "ftp://x", "127.0.0.1"])
def test_sequences_are_sent_to_a_server_by_https_alone(url: str) -> None:
    with pytest.raises(ValueError, match="OMTX_MSA_SERVER must be https"):
        Settings(msa_server=url)


def test_a_login_is_not_among_what_settings_print() -> None:
    assert "ada" not in repr(Settings(msa_login=SecretStr("ada:secret")))
