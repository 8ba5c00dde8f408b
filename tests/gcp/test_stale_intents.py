"""
What an owner wants may be known to ``dispatch`` a second late: a ligand that starts in that second
is stopped, and the batch is as cancelled or as paused as if it had not.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared import wiring
from shared.ports.ledger import Ledger
from tests.support.chain import Chain, chain_at
from tests.support.facts import ref
from tests.support.firestore import Ledgers
from tests.support.gcp_chain import ledgers_in_firestore
from tests.support.screens import deliver_all, opened, status

pytestmark = pytest.mark.gcp
LONG = timedelta(hours=1)


@pytest.fixture
def chain(new_ledger: Ledgers, tmp_path: Path) -> Iterator[Chain]:
    """A chain whose functions believe for an hour what they saw of a batch."""
    with ledgers_in_firestore(new_ledger, age=LONG), chain_at(tmp_path / "home") as chain:
        yield chain


@pytest.fixture
def elsewhere(new_ledger: Ledgers) -> Ledger:
    """The ledger in another process."""
    return new_ledger()


def cancelled_unseen(chain: Chain, elsewhere: Ledger) -> str:
    """A batch that was cancelled in another process after this one had seen that it was not."""
    batch_id = opened(chain, 2)
    chain.ledger.glance(ref(chain.ledger.batch(batch_id)))
    elsewhere.intend(batch_id, cancelled_at=chain.clock.now())
    return batch_id


def assert_all_cancelled(chain: Chain, batch_id: str) -> None:
    """Nothing is in flight, and every ligand is accounted for as cancelled."""
    chain.drain()
    accounting = status(chain, batch_id)["accounting"]
    assert {kind: n for kind, n in accounting.items() if n} == {"submitted": 2, "cancelled": 2}
    assert chain.ledger.in_flight(batch_id, 0) == 0
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_a_run_that_began_after_an_unseen_cancellation_is_stopped_by_reconcile(
    chain: Chain, elsewhere: Ledger
) -> None:
    batch_id = cancelled_unseen(chain, elsewhere)
    deliver_all(chain)
    running = chain.taken()
    assert len(running) == 2
    chain.reconcile()
    assert wiring.local_calls().cancelling() == [call.call_id for call in running]
    assert_all_cancelled(chain, batch_id)


def test_a_run_that_begins_while_its_ligand_is_cancelled_is_stopped_by_dispatch(
    chain: Chain, elsewhere: Ledger
) -> None:
    batch_id = cancelled_unseen(chain, elsewhere)

    def drain_before_the_spawn(number: int, name: str) -> None:
        if name == "engine.spawn":
            chain.boundaries.plan = lambda number, name: None
            chain.reconcile(batch_id)

    chain.boundaries.plan = drain_before_the_spawn
    deliver_all(chain)
    assert [name for _, name in chain.boundaries.met if name.startswith("engine.")][-2:] == [
        "engine.spawn",
        "engine.cancel",
    ]
    assert chain.taken() == []
    assert_all_cancelled(chain, batch_id)


def test_once_it_is_seen_a_cancellation_lets_nothing_start(chain: Chain, elsewhere: Ledger) -> None:
    batch_id = cancelled_unseen(chain, elsewhere)
    chain.restart()  # which forgets what was seen
    deliver_all(chain)
    assert chain.taken() == []
    assert chain.ledger.in_flight(batch_id, 0) == 0
