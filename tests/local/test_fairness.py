"""Two screens on one runner: the small one does not wait for the large one before it."""

import time
from typing import Any

import pytest

from tests.local.running import Running, until
from tests.support.orders import noop_order

ATOMS, LENGTH = "CNOS", 9
SMALL, SECONDS = 10, 0.02
AHEAD = 200
"""
First in, first out, all of the large screen's window of 999 would come first. What may come first is
what workers hold already (16 each, as runs are short), as many as the small screen's own, and what is
finished while the small one's messages pass: a fraction of a second each, on a busy machine some more.
"""
PATIENTLY = 30.0
"""Seconds. Alone the small screen takes half a one; behind the whole of the large one it would take 1,000."""


def smiles(count: int) -> str:
    """Distinct molecules, one per line: chains that begin with fluorine and are written from there."""
    return "\n".join(f"F{_chain(n)}C n{n}" for n in range(count))


def _chain(n: int) -> str:
    return "".join(ATOMS[n // len(ATOMS) ** place % len(ATOMS)] for place in range(LENGTH))


def completed(running: Running, batch: str) -> int:
    """How many ligands are."""
    accounting = running.client.get(f"/api/v3/batches/{batch}/status?page_size=1").json()["accounting"]
    return int(accounting["completed"])


@pytest.mark.parametrize("large", [1_500, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_small_screen_behind_a_large_one_is_served_in_between(running: Running, large: int) -> None:
    slow: dict[str, Any] = {"parameters": {"delay_seconds": SECONDS}}
    order = noop_order(0, **slow) | {"library": {"format": "smi", "content": smiles(large)}}
    del order["ligands"]
    running.client.timeout = 240
    first = running.submit(order)
    until(lambda: completed(running, first) >= 20)

    began = time.monotonic()
    small = running.submit(noop_order(SMALL, **slow))
    before = completed(running, first)
    until(lambda: completed(running, small) == SMALL)
    seconds, meanwhile = time.monotonic() - began, completed(running, first) - before

    assert before + meanwhile < large
    assert meanwhile <= AHEAD
    assert seconds <= PATIENTLY
