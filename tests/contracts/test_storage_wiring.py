"""The cloud's objects and keys, as a function finds them by its settings."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared import wiring
from shared.adapters.local.world import FolderSecrets
from tests.support.emulators import Emulators
from tests.support.world import HandClock

pytestmark = pytest.mark.gcp


@pytest.fixture
def cloud(
    project: str, emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Settings of a cloud on one machine, whose keys are in a folder."""
    chosen = {
        "OMTX_BACKEND": "gcp",
        "OMTX_PROJECT": project,
        "OMTX_BUCKET": project,
        "OMTX_PUBLIC_URL": "http://127.0.0.1:1",
        "OMTX_PUSH_AUDIENCE": "http://127.0.0.1:1",
        "OMTX_PUSH_SERVICE_ACCOUNT": "push@example.org",
        "OMTX_SECRETS": "folder",
        "OMTX_HOME": str(tmp_path),
        **emulators.storage.environment,
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    wiring.reset()
    emulators.storage_client(project).close()
    yield
    wiring.gcp_storage().close()
    wiring.reset()


@pytest.mark.usefixtures("cloud")
def test_a_function_on_one_machine_signs_urls_with_the_key_in_the_folder(tmp_path: Path) -> None:
    until = HandClock().now()
    url = wiring.blobs().put_url("a/b", until=until)
    httpx.put(url, content=b"content").raise_for_status()
    assert wiring.blobs().get("a/b") == b"content"
    assert "X-Goog-Credential=local%2F" in url
    assert wiring.secrets().keys("urls") == FolderSecrets(tmp_path / "secrets").keys("urls")
