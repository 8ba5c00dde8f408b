"""The client, against a real embedded server with the test model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from omtx import Client, Patience

from tests.cli.program import serving
from tests.client.flaky import Flaky

QUICK = Patience(first_seconds=0.01)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that runs as long as the tests of this process."""
    with serving(tmp_path_factory.mktemp("server") / "home") as url:
        yield url


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    """A client of it."""
    with Client(server) as made:
        yield made


@pytest.fixture
def flaky(server: str) -> Iterator[Flaky]:
    """A server in between, with mishaps on order."""
    with Flaky(server) as between:
        yield between


@pytest.fixture
def patient(flaky: Flaky) -> Iterator[Client]:
    """A client of the server in between, which does not wait long."""
    with Client(flaky.url, patience=QUICK) as made:
        yield made


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Three ligands with a column of their own."""
    path = tmp_path / "three.csv"
    path.write_text("name,smiles,measured\nethanol,CCO,-1.5\nbenzene,c1ccccc1,-3.5\nacetic acid,CC(=O)O,-2\n")
    return path
