"""The engine at Modal on a control plane of its own, and what both see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.modal_room import ModalRoom
from tests.modal_server.server import ControlPlane
from tests.support.modal_chain import ModalChain, modal_chain_at


@pytest.fixture
def room(control_plane: ControlPlane) -> ModalRoom:
    """The engine, and the app of the test model."""
    return ModalRoom(control_plane)


@pytest.fixture
def chain(tmp_path: Path, control_plane: ControlPlane) -> Iterator[ModalChain]:
    """The whole chain, with its models at Modal."""
    with modal_chain_at(tmp_path, control_plane) as chain:
        yield chain
