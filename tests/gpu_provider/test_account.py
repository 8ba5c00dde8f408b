"""Who we are at Modal: where the token comes from, where it may go, and processes that fork."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.adapters.modal.account import Account, Token
from shared.adapters.modal.engine import ModalEngine
from shared.errors import Unavailable
from shared.ports.world import Key
from shared.settings import Settings
from tests.modal_server.server import ControlPlane
from tests.modal_server.service import TOKEN
from tests.support.control_plane import SECONDS
from tests.support.crowd import at_once
from tests.support.facts import a_batch, ref, work_order

ORDER = work_order(ref(a_batch()))


class Kept:
    """A secret store that holds one value for every purpose."""

    def __init__(self, value: bytes) -> None:
        self.value = value
        self.asked: list[str] = []

    def keys(self, purpose: str) -> Sequence[Key]:
        """See ``Secrets.keys``."""
        self.asked.append(purpose)
        return [Key(id="3", secret=self.value)]


@pytest.fixture
def configured(control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings of an installation on the control plane, with these changes; None unsets."""

    def make(**changes: str | None) -> Settings:
        usual = {"OMTX_ENGINE": "modal", "OMTX_MODAL_INSECURE": "1", "OMTX_MODAL_SECONDS": str(SECONDS)}
        for name, value in (usual | changes).items():
            if value is None:
                monkeypatch.delenv(name)
            else:
                monkeypatch.setenv(name, value)
        return Settings()

    return make


CLOUD = {
    "OMTX_BACKEND": "gcp",
    "OMTX_PROJECT": "p",
    "OMTX_BUCKET": "b",
    "OMTX_PUBLIC_URL": "https://omtx.test",
    "OMTX_PUSH_AUDIENCE": "https://omtx.test",
    "OMTX_PUSH_SERVICE_ACCOUNT": "push@omtx.test",
    "OMTX_QUEUE_ALLOWANCE_SECONDS": "3600",
    "MODAL_TOKEN_ID": None,
    "MODAL_TOKEN_SECRET": None,
}


def test_in_the_cloud_the_token_is_a_secret_of_its_own(
    configured: Callable[..., Settings], control_plane: ControlPlane
) -> None:
    control_plane.deployments.have("omtx-noop", most_containers=1)
    kept = Kept(":".join(TOKEN).encode())
    engine = ModalEngine.of(configured(**CLOUD), lambda: kept)
    assert kept.asked == []
    assert engine.spawn(ORDER) == "fc-000001"
    assert kept.asked == ["modal-token"]


def test_a_token_that_was_replaced_is_taken_up_after_the_first_refusal(
    configured: Callable[..., Settings], control_plane: ControlPlane
) -> None:
    control_plane.deployments.have("omtx-noop", most_containers=1)
    kept = Kept(b"ak-old:as-old")
    engine = ModalEngine.of(configured(**CLOUD), lambda: kept)
    with pytest.raises(Unavailable):
        engine.spawn(ORDER)
    kept.value = ":".join(TOKEN).encode()
    assert engine.spawn(ORDER) == "fc-000001"


def test_a_token_in_the_environment_goes_before_the_secret(
    configured: Callable[..., Settings], control_plane: ControlPlane
) -> None:
    control_plane.deployments.have("omtx-noop", most_containers=1)
    kept = Kept(b"unused")
    assert ModalEngine.of(configured(), lambda: kept).spawn(ORDER) == "fc-000001"
    assert kept.asked == []


@pytest.mark.parametrize("value", [b"", b"ak-only", b":as", b"ak:"])
def test_a_secret_of_another_form_is_named_and_not_shown(value: bytes) -> None:
    with pytest.raises(Unavailable, match="modal-token") as refused:
        Token.of(Kept(value))
    assert value.decode() not in str(refused.value) or not value


def test_a_token_is_not_told_by_its_repr() -> None:
    assert repr(Token("ak-1", "as-1")) == "Token('ak-1')"


@pytest.mark.parametrize(
    ("url", "insecure"),
    [
        ("http://api.modal.com", "0"),
        ("http://127.0.0.1:9", "0"),
        ("https://api.modal.com,http://api.modal2.com", "0"),
        ("http://10.0.0.7:80", "1"),
        ("unix:///tmp/modal", "1"),
    ],
)
def test_the_token_does_not_travel_in_the_clear(
    configured: Callable[..., Settings], url: str, insecure: str
) -> None:
    with pytest.raises(ValidationError, match="MODAL_SERVER_URL must be https"):
        configured(MODAL_SERVER_URL=url, OMTX_MODAL_INSECURE=insecure)


def test_on_one_machine_the_token_must_be_in_the_environment(configured: Callable[..., Settings]) -> None:
    with pytest.raises(ValidationError, match="MODAL_TOKEN_SECRET"):
        configured(MODAL_TOKEN_SECRET=None)


def test_importing_the_engine_asks_nobody_and_reads_no_file_of_the_user(tmp_path: Path) -> None:
    (tmp_path / ".modal.toml").write_text("[default]\nserver_url = 'http://elsewhere.test'\n")
    code = (
        "import shared.adapters.modal.engine, threading, modal.config as vendor;"
        "print(vendor.config['server_url'], threading.active_count())"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("MODAL_")}
    env["HOME"] = str(tmp_path)
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["https://api.modal.com,https://api.modal2.com", "1"]


def test_a_process_that_was_forked_from_one_that_spawned_signs_in_by_itself(
    control_plane: ControlPlane,
) -> None:
    control_plane.deployments.have("omtx-noop", most_containers=1)
    made: list[Token] = []
    engine = ModalEngine(_account(control_plane, made), seconds=SECONDS)
    engine.spawn(ORDER)
    child = os.fork()
    if child == 0:
        try:
            engine.spawn(ORDER)
            os._exit(len(made))
        except BaseException:
            os._exit(70)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    engine.spawn(ORDER)
    assert (len(made), len(control_plane.plane.calls)) == (1, 3)


def test_several_threads_share_one_account(control_plane: ControlPlane) -> None:
    control_plane.deployments.have("omtx-noop", most_containers=1)
    made: list[Token] = []
    engine = ModalEngine(_account(control_plane, made), seconds=5)
    assert len(set(at_once(lambda _: engine.spawn(ORDER), range(8)))) == 8
    assert len(made) == 1


def _account(control_plane: ControlPlane, made: list[Token]) -> Account:
    """An account that notes each time it signs in."""

    def token() -> Token:
        made.append(Token(*TOKEN))
        return made[-1]

    return Account(token, prefix="omtx", server_url=control_plane.url)
