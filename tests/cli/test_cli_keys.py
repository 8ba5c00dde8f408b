"""``omtx keys``, and the server that they open, as other processes see it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.program import Omtx, environment, serving


def create(here: Omtx, *arguments: object) -> str:
    """The key, which is all that stands on stdout."""
    [line] = here("keys", "create", *arguments).out.splitlines()
    return str(line)


def test_a_key_is_printed_alone_and_listed_without_its_secret(here: Omtx) -> None:
    key = create(here, "--name", "bench", "--admin")
    answer = here("keys", "list")
    [listed] = answer.json
    assert (listed["id"], listed["name"]) == (key.split("_")[1], "bench")
    assert listed["scopes"] == ["admin", "delete", "read", "submit"]
    assert key.rsplit("_", 1)[1] not in answer.out


def test_a_key_is_rotated_and_revoked(here: Omtx) -> None:
    key_id = create(here).split("_")[1]
    assert here("keys", "rotate", key_id).out.startswith(f"omtx_{key_id}_")
    assert here("keys", "revoke", key_id).json["revoked_at"]
    assert here("keys", "rotate", key_id).code == 5
    assert here("keys", "revoke", "0" * 12).code == 4


def test_commands_on_the_home_itself_need_no_key(here: Omtx) -> None:
    create(here)
    assert here("list").json["batches"] == []


def test_a_server_for_others_does_not_start_without_keys(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "up", "--port", "0", "--host", "0.0.0.0"]
    refused = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "omtx keys create --admin" in refused.stderr
    assert str(tmp_path) in refused.stderr


def test_a_key_opens_a_server_and_is_in_none_of_its_logs(
    here: Omtx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = create(here, "--admin")
    home = Path(os.environ["OMTX_HOME"])
    with serving(home, "--host", "0.0.0.0") as url:
        monkeypatch.setenv("OMTX_URL", url)
        assert here("list").code == 5
        assert httpx.get(f"{url}/health").status_code == 200
        held = tmp_path / "key"
        held.write_text(f"{admin}\n")
        assert here("--key-file", held, "list").json["batches"] == []
        monkeypatch.delenv("OMTX_KEY_FILE", raising=False)
        monkeypatch.setenv("OMTX_API_KEY", admin)
        second = here("keys", "create", "--scope", "read").out.strip()
        assert here("keys", "list").json[0]["id"] == second.split("_")[1]
        assert here("reconcile").code == 0
        shown = {"Authorization": f"Bearer {second}"}
        assert httpx.post(f"{url}/api/v3/reconcile", headers=shown).status_code == 403
        assert httpx.post(f"{url}/api/v3/reconcile").status_code == 401
        evil = {**shown, "Origin": "https://elsewhere.example"}
        assert httpx.get(f"{url}/api/v3/batches", headers=evil).status_code == 403
        assert httpx.get(f"{url}/api/v3/batches/{second}/status", headers=shown).status_code == 404
    written = "".join(file.read_text() for file in home.rglob("*.log"))
    for key in (admin, second):
        assert key.rsplit("_", 1)[1] not in written


def test_a_server_that_runs_learns_of_the_first_key_within_seconds(here: Omtx) -> None:
    home = Path(os.environ["OMTX_HOME"])
    with serving(home) as url:
        assert httpx.get(f"{url}/api/v3/batches").status_code == 200
        key = create(here)
        until = time.monotonic() + 5
        while httpx.get(f"{url}/api/v3/batches").status_code != 401:
            assert time.monotonic() < until
            time.sleep(0.1)
        headers = {"X-API-Key": key}
        assert httpx.get(f"{url}/api/v3/batches", headers=headers).status_code == 200
