"""Getting in at a real redis-server that speaks TLS and asks for a password that changes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared import wiring
from shared.adapters.gcp.access import AccessTokens
from shared.adapters.redis.connection import RedisConnection
from shared.errors import Unavailable
from tests.support.authority import Authority
from tests.support.credentials import Identity
from tests.support.redis_server import RedisServer

PASSWORD = "ya29.the-first"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Who vouches for the server."""
    return Authority("of one server")


@pytest.fixture
def server(authority: Authority, tmp_path: Path) -> Iterator[RedisServer]:
    """Running; its certificate has another name than the address at which it is reached."""
    certified = authority.certify(tmp_path, "somewhere.example.org")
    with RedisServer.installed(tmp_path, certified=certified, password=PASSWORD) as server:
        yield server


def connected(server: RedisServer, ca: str, *passwords: str) -> RedisConnection:
    """With one password after the other, a new one at each connection."""
    given = iter(passwords)
    return RedisConnection(server.url, ca=ca, password=lambda: next(given), answer_seconds=5.0)


def test_a_server_is_known_by_its_own_authority_and_let_in_with_the_password_of_the_moment(
    server: RedisServer, authority: Authority
) -> None:
    with closing(connected(server, authority.pem, PASSWORD, "ya29.the-second")) as connection:
        assert connection.ask(lambda client: client.ping())
        connection.ask(lambda client: client.config_set("requirepass", "ya29.the-second"))
        connection.ask(lambda client: client.connection_pool.disconnect())
        assert connection.ask(lambda client: client.ping())


def test_a_server_for_which_another_authority_vouches_is_not_spoken_to(
    server: RedisServer, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()

    def password() -> str:
        asked.append(PASSWORD)
        return PASSWORD

    trusted = tmp_path / "trusted.pem"  # as if the machine believed the one who vouches for it
    trusted.write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    other = Authority("of another server")
    connection = RedisConnection(server.url, ca=other.pem, password=password)
    with closing(connection), pytest.raises(Unavailable):
        connection.ask(lambda client: client.ping())
    assert asked == []


def test_without_an_authority_of_its_own_the_name_of_the_server_is_compared(
    server: RedisServer, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    connection = RedisConnection(server.url, password=lambda: PASSWORD)
    with closing(connection), pytest.raises(Unavailable):
        connection.ask(lambda client: client.ping())


def test_a_wrong_password_and_none_to_be_had_are_as_if_there_were_no_server(
    server: RedisServer, authority: Authority
) -> None:
    def none() -> str:
        raise Unavailable("no access token")

    wrong = connected(server, authority.pem, "wrong", "wrong")
    for connection in (wrong, RedisConnection(server.url, ca=authority.pem, password=none)):
        with closing(connection), pytest.raises(Unavailable):
            connection.ask(lambda client: client.ping())


def test_the_settings_log_in_with_a_token_of_the_own_identity(
    server: RedisServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_REDIS_URL", server.url)
    monkeypatch.setenv("OMTX_REDIS_CA", authority.pem)
    monkeypatch.setenv("OMTX_REDIS_LOGIN", "google")
    monkeypatch.setenv("OMTX_REDIS_ANSWER_SECONDS", "5")
    monkeypatch.setattr("google.auth.default", lambda scopes: (Identity(PASSWORD), "project"))
    wiring.reset()
    connection = wiring.redis()
    assert connection is not None
    assert connection.ask(lambda client: client.ping())
    wiring.reset()


def test_a_token_is_kept_while_it_is_good_and_its_lack_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = Identity("one", "two")
    monkeypatch.setattr("google.auth.default", lambda scopes: (identity, "project"))
    tokens = AccessTokens()
    assert [tokens.token(), tokens.token()] == ["one", "one"]
    identity.token = None
    assert tokens.token() == "two"
    identity.token = None
    with pytest.raises(Unavailable, match="RefreshError"):
        tokens.token()
