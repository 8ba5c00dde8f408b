"""The whole platform on the cloud backend, once for all tests of a process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.cloud.platform import Cloud
from shared import wiring
from shared.topology import topology
from tests.repo.packages import interpreter
from tests.support.emulators import installed
from tests.support.msa_server import MsaServer
from tests.support.tables import impatient

PATIENCE = {
    "OMTX_TEST_MODELS": "1",
    "OMTX_LEASE_SECONDS": "4",
    "OMTX_QUIET_SECONDS": "3",
    "OMTX_POLL_SECONDS": "3",
    "OMTX_RETRY_SECONDS": "0.2",
    "OMTX_RECONCILE_SECONDS": "1",
    "OMTX_AGGREGATE_LEASE_SECONDS": "10",
}


LAST_LINES, LINE_LENGTH = 20, 400


def requirements(name: str) -> Path:
    """What a function needs."""
    return Path(__file__).resolve().parents[2] / "services" / name / "requirements.txt"


@pytest.fixture(scope="session")
def msa_server() -> Iterator[MsaServer]:
    """Where the platform searches alignments."""
    with MsaServer() as server:
        yield server


@pytest.fixture(scope="session")
def cloud(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, msa_server: MsaServer
) -> Iterator[Cloud]:
    """
    The platform, each function with nothing but its own requirements.

    Waits are short, so that what is healed by patience is healed within a test, and what is given up is
    given up soon.
    """
    cache = pytestconfig.cache
    assert cache is not None
    environments = cache.mkdir("function-environments")
    pythons = {name: interpreter(requirements(name), environments) for name in topology().functions}
    with installed():
        cloud = Cloud(
            tmp_path_factory.mktemp("cloud"),
            environment=PATIENCE | msa_server.environment,
            pythons=pythons,
            table=impatient(),
        )
        cloud.__enter__()
    yield cloud
    cloud.__exit__(None, None, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Beside a failure stands what the functions last said, which tells the reason."""
    report = yield
    running = getattr(item, "funcargs", {}).get("cloud")
    if report.failed and isinstance(running, Cloud):
        for log in sorted((running.home / "logs").glob("*.log")):
            last = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            report.sections.append((f"end of {log.name}", "\n".join(line[:LINE_LENGTH] for line in last)))
    return report


@pytest.fixture
def client(cloud: Cloud) -> Iterator[httpx.Client]:
    """A client of the front door."""
    with httpx.Client(base_url=cloud.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture
def inside(cloud: Cloud) -> Iterator[None]:
    """The wiring of this process is that of the functions."""
    wiring.reset()
    with cloud.as_environment():
        yield
    wiring.reset()
