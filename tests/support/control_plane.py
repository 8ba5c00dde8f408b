"""The control plane for tests of several suites, and the environment that leads Modal's client to it."""

from collections.abc import Iterator

import pytest

from tests.modal_server.server import ControlPlane

VARIABLES = ("MAX_THROTTLE_WAIT", "PAYLOAD_FORMAT", "LOGLEVEL", "ENVIRONMENT")
SECONDS = 1.0
"""How long the engine waits for an answer here; a healthy control plane needs some milliseconds."""


def lead_to(plane: ControlPlane, patch: pytest.MonkeyPatch) -> None:
    """Lead Modal's client there; what it sets in the environment by itself is put back, too."""
    for name in VARIABLES:
        patch.setenv(f"MODAL_{name}", "")
        patch.delenv(f"MODAL_{name}")
    for name, value in plane.environment.items():
        patch.setenv(name, value)


@pytest.fixture
def control_plane(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlPlane]:
    """A control plane with nothing deployed."""
    with ControlPlane() as plane:
        lead_to(plane, monkeypatch)
        yield plane
