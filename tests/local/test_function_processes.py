"""Functions in processes of their own, from their archives, and what becomes of these processes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.cloud.functions import FunctionProcess
from tests.local.running import until
from tests.local.test_kill import alive, children

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's process table")
WHERE = """
import sys
from services.webhook.main import webhook as real
import functions_framework

@functions_framework.http
def webhook(request):
    if request.args.get("where"):
        return {name: it.__file__ for name, it in sys.modules.items() if name.split(".")[0] in OURS}
    return real(request)

OURS = ("shared", "services", "local", "infra", "modal_gpu", "cli")
"""
PARENT = """
import sys, time
from pathlib import Path
from local.cloud.functions import FunctionProcess

here = Path(sys.argv[1])
function = FunctionProcess("webhook", folder=here, log=here / "log", environment={"OMTX_HOME": str(here)})
function.start()
print(function.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[FunctionProcess]:
    """The webhook, which also says where its modules come from."""
    environment = {"OMTX_HOME": str(tmp_path / "home")}
    folder = tmp_path / "archive"
    function = FunctionProcess("webhook", folder=folder, log=tmp_path / "log", environment=environment)
    (folder / "main.py").write_text(WHERE)
    yield function
    function.stop()


def ask(function: FunctionProcess, query: str = "") -> httpx.Response:
    """Post nothing to the function."""
    return httpx.post(f"{function.url}/api/v3/webhooks/engine{query}", timeout=30, trust_env=False)


def test_everything_of_ours_that_a_function_imports_comes_from_its_archive(
    webhook: FunctionProcess, tmp_path: Path
) -> None:
    webhook.start()
    files = ask(webhook, "?where=1").json()
    assert {"shared.entry", "services.webhook.handler"} <= set(files)
    assert [file for file in files.values() if not file.startswith(f"{tmp_path / 'archive'}/")] == []


def test_a_killed_function_leaves_nobody_and_comes_back_at_its_address(webhook: FunctionProcess) -> None:
    webhook.start()
    family = [webhook.pid, *children(webhook.pid)]
    assert len(family) == 2, "gunicorn's master and its worker"
    webhook.kill()
    until(lambda: not any(map(alive, family)), seconds=5)
    with pytest.raises(httpx.ConnectError):
        ask(webhook)
    webhook.start()
    assert ask(webhook).status_code == 401, "unsigned"


def test_functions_die_with_whoever_started_them(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        master = int(parent.stdout.readline())
        family = [master, *children(master)]
        assert all(map(alive, family))
        parent.send_signal(signal.SIGKILL)
    until(lambda: not any(map(alive, family)), seconds=5)


def test_a_function_that_cannot_start_says_where_to_look(webhook: FunctionProcess, tmp_path: Path) -> None:
    (tmp_path / "archive" / "main.py").write_text("raise RuntimeError('broken')")
    with pytest.raises(TimeoutError, match=rf"function webhook did not start; its log is {tmp_path / 'log'}"):
        webhook.start()
    assert "RuntimeError: broken" in (tmp_path / "log").read_text()
