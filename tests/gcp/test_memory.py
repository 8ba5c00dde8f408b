"""What a process remembers of its batches saves reads, and never hides what the process did itself."""

from datetime import timedelta

import pytest

from local.cloud.meter import Meter
from shared.errors import Gone
from shared.models.facts import Intents
from tests.support.facts import a_batch, at, outcome, ref
from tests.support.firestore import Ledgers, Relays
from tests.support.world import NOON

pytestmark = pytest.mark.gcp
LONG = timedelta(hours=1)


def test_a_crowd_of_glances_costs_one_read(new_ledger: Ledgers, relayed: Relays) -> None:
    batch, meter = new_ledger().open(a_batch(50)), Meter()
    ledger = new_ledger(relayed(seen=meter.see), age=LONG)
    assert all(ledger.glance(ref(batch, position)).batch == batch for position in range(50))
    assert meter.reads == 1


def test_without_a_time_for_which_intents_may_be_old_every_glance_looks(
    new_ledger: Ledgers, relayed: Relays
) -> None:
    batch, meter = new_ledger().open(a_batch(3)), Meter()
    ledger = new_ledger(relayed(seen=meter.see))
    for position in range(3):
        ledger.glance(ref(batch, position))
    assert meter.reads == 3


def test_another_process_may_see_old_intents_this_one_does_not(new_ledger: Ledgers) -> None:
    here, there = new_ledger(age=LONG), new_ledger(age=LONG)
    batch = here.open(a_batch())
    for ledger in (here, there):
        assert ledger.glance(ref(batch)).intents == Intents()
    here.intend(batch.batch_id, paused=True)
    assert here.glance(ref(batch)).intents == Intents(paused=True)
    assert there.glance(ref(batch)).intents == Intents()
    assert there.intents(batch.batch_id) == there.look(ref(batch)).intents == Intents(paused=True)
    assert there.glance(ref(batch)).intents == Intents(paused=True)


def test_of_what_this_process_deleted_it_sees_nothing(new_ledger: Ledgers) -> None:
    ledger = new_ledger(age=LONG)
    batch = ledger.open(a_batch())
    ledger.glance(ref(batch))
    ledger.close(batch.batch_id, 0, now=NOON)
    fence = ledger.claim_aggregation(batch.batch_id, 0, now=NOON, lease_until=at(60))
    ledger.finish(batch.batch_id, 0, fence=fence or 0, status="failed", summary={}, artefacts=[], now=NOON)
    assert ledger.delete(batch.batch_id, now=NOON)
    with pytest.raises(Gone):
        ledger.glance(ref(batch))


def test_what_settles_a_ligand_of_an_erased_batch_is_told_that_it_is_gone(new_ledger: Ledgers) -> None:
    ledger, late = new_ledger(age=LONG), new_ledger(age=LONG)
    batch = ledger.open(a_batch())
    late.glance(ref(batch))
    ledger.close(batch.batch_id, 0, now=NOON)
    fence = ledger.claim_aggregation(batch.batch_id, 0, now=NOON, lease_until=at(60))
    ledger.finish(batch.batch_id, 0, fence=fence or 0, status="failed", summary={}, artefacts=[], now=NOON)
    ledger.delete(batch.batch_id, now=NOON)
    assert ledger.erase(batch.batch_id, limit=99)
    for deed in (
        lambda: late.settle(batch.batch_id, 0, [outcome(batch)], now=NOON),
        lambda: late.leaves(batch.batch_id, 0),
    ):
        with pytest.raises(Gone):
            deed()
    assert late.outcomes(batch.batch_id, 0, limit=9) == []


def test_a_ligand_on_its_way_costs_no_read_and_four_writes(new_ledger: Ledgers, relayed: Relays) -> None:
    batch, meter = new_ledger().open(a_batch(10)), Meter()
    ledger = new_ledger(relayed(seen=meter.see), age=LONG)
    for position in range(10):
        of = ref(batch, position)
        ledger.glance(of)
        assert ledger.claim(of, now=NOON, lease_until=at(30))
        assert ledger.note_call(of, "call", deadline=at(99), due_at=at(50))
        ledger.glance(of)
        assert ledger.settle(batch.batch_id, 0, [outcome(batch, position)], now=NOON).created
    assert (meter.reads, meter.writes, meter.deletes) == (1, 40, 20)
