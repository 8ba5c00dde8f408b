"""
``infra/firestore_indexes.json`` holds the indexes that the queries need, and no others.

``composites`` are indexes over several fields. Firestore keeps one of every single field by itself, in
the scope of one collection; ``exemptions`` are fields without it, ``overrides`` fields with others
instead. ``ttl`` fields, which need no index either, hold the time at which a record expires.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from shared.domain.lifecycle import next_round
from shared.ports.ledger import Ledger
from tests.support.facts import LOST, a_batch, at, outcome, ref
from tests.support.firestore import Ledgers, Relays
from tests.support.indexes import Index, needed, queries_of
from tests.support.world import NOON

pytestmark = pytest.mark.gcp
FILE = Path(__file__).resolve().parents[2] / "infra" / "firestore_indexes.json"


class Spy:
    """Notes the port's methods that were called."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.called: set[str] = set()

    def __getattr__(self, method: str) -> Any:
        self.called.add(method)
        return getattr(self._ledger, method)


def use_everything(ledger: Any) -> str:
    """Call every method of the port in every way that asks another question; the batch that is left."""
    gone, batch = a_batch(), a_batch(3)
    for it in (gone, batch):
        ledger.open(it)
        ledger.claim(ref(it), now=NOON, lease_until=at(1))
        ledger.note_call(ref(it), "call", deadline=at(9), due_at=at(2))
        ledger.note_failure(ref(it), LOST, due_at=at(3))
        ledger.claim(ref(it, 1), now=NOON, lease_until=at(1))
        ledger.unclaim(ref(it, 1), now=NOON)
        ledger.postpone(ref(it, 1), at(2))
        ledger.settle(it.batch_id, 0, [outcome(it)], now=NOON)
        ledger.nudge(it.batch_id, 0, 0, now=NOON)
        ledger.reach(it.batch_id, 0, [10], now=NOON)
        ledger.close(it.batch_id, 0, now=NOON)
        ledger.announced(it.batch_id, 0, now=NOON)
        fence = ledger.claim_aggregation(it.batch_id, 0, now=NOON, lease_until=at(1))
        ledger.finish(it.batch_id, 0, fence=fence, status="failed", summary={}, artefacts=[], now=NOON)
    ledger.ask_retry(batch.batch_id, 1)
    ledger.open_round(next_round(batch, 1, jobs=1, rows=1, now=NOON))
    ledger.delete(gone.batch_id, now=NOON)
    ledger.deleted(limit=9)
    ledger.erase(gone.batch_id, limit=99)
    wide = ledger.open(a_batch(200, leaves=4))
    ledger.fill(wide.batch_id, 0, (0, 0), (1, 0))
    ledger.intend(batch.batch_id, paused=True)
    ask_everything(ledger, batch.batch_id)
    return batch.batch_id


def ask_everything(ledger: Any, batch_id: str) -> None:
    """What only reads."""
    of = ref(ledger.batch(batch_id))
    for owner in (None, "ada"):
        for unfinished in (False, True):
            for after in (None, batch_id):
                ledger.batches(owner=owner, unfinished=unfinished, limit=2, after=after)
    for only in (None, batch_id):
        assert ledger.overdue(at(99), limit=9, batch_id=only)
    for leaf in (None, 0):
        assert ledger.outcomes(batch_id, 0, limit=9, leaf=leaf)
    for ask in (ledger.outcome, ledger.look, ledger.glance):
        ask(of)
    for ask in (ledger.intents, ledger.rounds, ledger.milestones):
        ask(batch_id)
    for ask in (ledger.leaves, ledger.nodes, ledger.closing, ledger.in_flight, ledger.open_places):
        ask(batch_id, 0)
    ledger.attempts(batch_id, 0, [0, 1])
    ledger.line(batch_id, 0, 0)


def recorded(new_ledger: Ledgers, relayed: Relays, use: Callable[[Any], object]) -> set[Index]:
    """The indexes that the queries of this use need."""
    found: set[Index] = set()

    def see(method: str, request: bytes, answers: list[bytes]) -> None:
        for query in queries_of(method, request):
            found.update(needed(query))

    use(new_ledger(relayed(seen=see)))
    return found


def declared(kind: str) -> list[dict[str, Any]]:
    """A part of the file."""
    listed: list[dict[str, Any]] = json.loads(FILE.read_text())[kind]
    return listed


def of_one_field(indexes: Iterable[Index]) -> set[Index]:
    """Those over a single field."""
    return {index for index in indexes if len(index.fields) == 1}


def test_the_composite_indexes_are_those_that_the_queries_need(new_ledger: Ledgers, relayed: Relays) -> None:
    wanted = recorded(new_ledger, relayed, use_everything)
    listed = {
        Index(it["collection"], it["scope"], tuple((field["path"], field["order"]) for field in it["fields"]))
        for it in declared("composites")
    }
    assert listed == wanted - of_one_field(wanted)


def test_a_query_by_one_field_has_the_index_of_that_field(new_ledger: Ledgers, relayed: Relays) -> None:
    wanted = of_one_field(recorded(new_ledger, relayed, use_everything))
    overridden = {(it["collection"], it["field"]): it["indexes"] for it in declared("overrides")}
    special = {
        Index(collection, it["scope"], ((field, it["order"]),))
        for (collection, field), indexes in overridden.items()
        for it in indexes
    }
    assert special == {it for it in wanted if (it.collection, it.fields[0][0]) in overridden}
    exempt = {(it["collection"], it["field"]) for it in declared("exemptions") + declared("ttl")}
    for index in wanted - special:
        assert index.scope == "COLLECTION", f"{index} needs an override"
        assert (index.collection, index.fields[0][0]) not in exempt, f"{index} is exempt"


def test_no_field_is_indexed_that_no_query_asks_for(
    new_ledger: Ledgers, relayed: Relays, client: Client
) -> None:
    wanted = of_one_field(recorded(new_ledger, relayed, use_everything))
    useful = {(index.collection, index.fields[0][0]) for index in wanted}
    exempt = {(it["collection"], it["field"]) for it in declared("exemptions") + declared("ttl")}
    stored = set(fields_of(client))
    assert stored - useful == exempt


def fields_of(client: Client) -> Iterable[tuple[str, str]]:
    """Every field of every record, with its collection."""
    for batch in client.collection("batches").stream():
        yield from (("batches", field) for field in batch.to_dict() or {})
        for collection in batch.reference.collections():
            for record in collection.stream():
                yield from ((collection.id, field) for field in record.to_dict() or {})


def test_every_method_of_the_port_was_asked(new_ledger: Ledgers) -> None:
    spy = Spy(new_ledger())
    use_everything(spy)
    methods = {name for base in Ledger.__mro__ for name in vars(base) if not name.startswith("_")}
    assert spy.called == methods


def test_what_expires_carries_its_time(new_ledger: Ledgers, client: Client) -> None:
    use_everything(new_ledger())
    for it in declared("ttl"):
        found = client.collection(it["collection"]).order_by(it["field"]).get()
        assert found, it
        assert all(isinstance(record.get(it["field"]), datetime) for record in found)
