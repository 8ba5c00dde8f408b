"""Functions fit into the memory that the table gives them, with room to work."""

import httpx
import pytest

from bench.starts import memory_mib
from local.cloud.platform import Cloud
from shared.topology import topology
from tests.local.running import until
from tests.platform.audit import status_of
from tests.platform.test_push import accepted

pytestmark = [pytest.mark.gcp, pytest.mark.slow, pytest.mark.usefixtures("inside")]


def test_after_a_screen_no_function_takes_more_than_three_quarters_of_its_memory(
    cloud: Cloud, client: httpx.Client
) -> None:
    batch_id = accepted(client, 50)
    until(lambda: status_of(client, batch_id)["status"] == "completed")
    taken = {name: memory_mib(function.pid) for name, function in cloud.functions.items()}
    assert min(taken.values()) > 20, "no function is that small: something else was measured"
    allowed = {name: 0.75 * it.memory_mb for name, it in topology().functions.items()}
    assert {name: mib for name, mib in taken.items() if mib > allowed[name]} == {}
