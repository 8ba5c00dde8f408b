"""Two screens on one runner: the small one does not wait for the large one before it."""

from typing import Any

from tests.local.running import Running, until
from tests.support.orders import noop_order

LARGE, SMALL, SECONDS = 1500, 10, 0.02
AHEAD = 200
"""
First in, first out, the 999 ligands in the large screen's window would all come first. What may come
first is what workers hold already (16 each, as runs are short), as many as the small screen's own,
and what is finished while the small one's messages pass: a fraction of a second each, on a busy
machine some more.
"""


def smiles(count: int) -> str:
    """Distinct molecules, one per line."""
    return "\n".join(f"{'C' * (1 + n % 40)}{'N' * (1 + n // 40)}O n{n}" for n in range(count))


def completed(running: Running, batch: str) -> int:
    """How many ligands are."""
    accounting = running.client.get(f"/api/v3/batches/{batch}/status?page_size=1").json()["accounting"]
    return int(accounting["completed"])


def test_a_small_screen_behind_a_large_one_is_served_in_between(running: Running) -> None:
    slow: dict[str, Any] = {"parameters": {"delay_seconds": SECONDS}}
    order = noop_order(0, **slow) | {"library": {"format": "smi", "content": smiles(LARGE)}}
    del order["ligands"]
    large = running.submit(order)
    until(lambda: completed(running, large) >= 20)

    small = running.submit(noop_order(SMALL, **slow))
    before = completed(running, large)
    until(lambda: completed(running, small) == SMALL)
    meanwhile = completed(running, large) - before

    assert before + meanwhile < LARGE
    assert meanwhile <= AHEAD
