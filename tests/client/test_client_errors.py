"""Refusals as typed errors, and a key that is shown to its server and to nobody else."""

from collections.abc import Iterator
from pathlib import Path

import omtx
import pytest
from omtx import Client

from tests.cli.program import serving, spawn
from tests.client.conftest import QUICK
from tests.client.flaky import Flaky


def test_a_refusal_names_the_fields(client: Client) -> None:
    with pytest.raises(omtx.Invalid) as refused:
        client.screens.create(library=["CCO"], model="noop", seed=-1, parameters={"colour": "red"})
    assert "seed" in {it.path for it in refused.value.fields}
    assert refused.value.status == 422
    assert "seed" in str(refused.value)


def test_what_is_not_there_is_not_found(client: Client) -> None:
    for name in ("batch_none", "..", "a/b", "ü"):
        with pytest.raises(omtx.NotFound) as missing:
            client.screens.get(name).status()
        assert missing.value.status == 404


def test_the_tree_says_what_to_do() -> None:
    assert issubclass(omtx.KeyReused, omtx.Conflict)
    assert {it.__mro__[1] for it in (omtx.Invalid, omtx.NotFound, omtx.RateLimited)} == {omtx.Refusal}
    assert issubclass(omtx.NoAnswer, ConnectionError)
    assert issubclass(omtx.StillRunning, TimeoutError)
    assert issubclass(omtx.Unusable, ValueError)


def test_nobody_there_is_told_with_the_address() -> None:
    with Client("http://127.0.0.1:9", patience=QUICK) as client, pytest.raises(omtx.NoAnswer, match=":9"):
        client.models.list()


@pytest.mark.parametrize(
    "url", ["nowhere", "ftp://x", "http://", "http://me:secret@x", "http://[", "http://x:0"]
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(omtx.Unusable):
        Client(url)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server that wants a key, and one that may read."""
    home = tmp_path_factory.mktemp("guarded") / "home"
    key = spawn(home, "keys", "create", "--scope", "read").out.strip()
    with serving(home) as url:
        yield url, key


def test_without_a_key_or_scope_the_error_says_which(guarded: tuple[str, str]) -> None:
    url, key = guarded
    with Client(url) as stranger, pytest.raises(omtx.Unauthorized):
        stranger.models.list()
    with Client(url, api_key=key) as reader:
        assert list(reader.screens.list()) == []
        with pytest.raises(omtx.Forbidden, match="submit"):
            reader.screens.create(library=["CCO"], model="noop")


def test_server_and_key_come_from_the_environment(
    guarded: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, key = guarded
    monkeypatch.setenv("OMTX_URL", url)
    monkeypatch.setenv("OMTX_API_KEY", key)
    with Client() as client:
        assert client.models.list()
    monkeypatch.delenv("OMTX_API_KEY")
    file = tmp_path / "key"
    file.write_text(f"{key}\n")
    monkeypatch.setenv("OMTX_KEY_FILE", str(file))
    with Client() as client:
        assert client.models.list()
    with pytest.raises(omtx.Unusable, match="none"):
        Client(key_file=tmp_path / "none")


def test_a_key_is_printed_nowhere(guarded: tuple[str, str]) -> None:
    url, key = guarded
    with Client(url, api_key=key) as client:
        screen = client.screens.get("batch_x")
        said = [repr(it) for it in (client, client.address, client.session, screen, client.screens)]
        with pytest.raises(omtx.NotFound) as missing:
            screen.status()
        said += [repr(missing.value), str(vars(missing.value))]
    assert [it for it in said if key in it or key.rsplit("_", 1)[1] in it] == []


def test_a_key_does_not_follow_to_another_server(guarded: tuple[str, str], flaky: Flaky) -> None:
    url, key = guarded
    with Flaky(url) as front, Client(front.url, api_key=key) as client:
        front.mishaps += [(302, {"Location": f"{flaky.url}/bucket/file?signature=x"})]
        flaky.files["/bucket/file?signature=x"] = b"large"
        reply = client.run(client.session.reply(omtx.calls.get("/api/v3/file")))
        assert reply.body == b"large"
        client.session.wire.run(
            client.session.reply(omtx.Request("GET", f"{flaky.url}/bucket/file?signature=x"))
        )
        assert "authorization" in front.seen[0][2]
    assert len(flaky.seen) == 2
    assert [it for it in flaky.seen if "authorization" in it[2]] == []
