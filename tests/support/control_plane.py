"""The control plane for tests of several suites, and the environment that leads Modal's client to it."""

from collections.abc import Iterator

import pytest

from tests.modal_server.server import ControlPlane

VARIABLES = ("MAX_THROTTLE_WAIT", "PAYLOAD_FORMAT", "LOGLEVEL", "ENVIRONMENT")
SECONDS = 1.0
"""How long the engine waits for an answer here; a healthy control plane needs some milliseconds."""


@pytest.fixture
def control_plane(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlPlane]:
    """A control plane with nothing deployed; what the client sets in the environment is put back."""
    for name in VARIABLES:
        monkeypatch.setenv(f"MODAL_{name}", "")
        monkeypatch.delenv(f"MODAL_{name}")
    with ControlPlane() as plane:
        for name, value in plane.environment.items():
            monkeypatch.setenv(name, value)
        yield plane
