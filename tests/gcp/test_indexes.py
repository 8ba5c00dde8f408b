"""
``infra/firestore_indexes.json`` holds the indexes that the queries need, and no others.

``composites`` are indexes over several fields. Firestore keeps one of every single field by itself, in
the scope of one collection; ``exemptions`` are fields without it, ``overrides`` fields with others
instead. ``ttl`` fields, which need no index either, hold the time at which a record expires.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from shared.adapters.gcp.consumptions import FirestoreConsumptions
from shared.adapters.gcp.hooks import FirestoreHooks
from shared.adapters.gcp.keys import FirestoreKeys
from shared.adapters.gcp.ledger import FirestoreLedger
from shared.adapters.gcp.letter_shelf import Shelf
from shared.adapters.gcp.letters import FirestoreLetters
from shared.domain.lifecycle import first_round, next_round
from shared.events.envelope import payload
from shared.events.messages import JobQueued
from shared.models.access import ApiKey, Scope, Tier
from shared.models.consumption import Claim, Consumption
from shared.ports.bus import LetterState
from shared.ports.hooks import Hooks
from shared.ports.keys import Keys
from shared.ports.ledger import Ledger
from tests.support.boundaries import Killed
from tests.support.facts import LOST, a_batch, at, outcome, ref
from tests.support.firestore import Clients, Relays
from tests.support.hooks import a_delivery, an_endpoint
from tests.support.indexes import Index, needed, queries_of
from tests.support.world import NOON, HandClock

pytestmark = pytest.mark.gcp
FILE = Path(__file__).resolve().parents[2] / "infra" / "firestore_indexes.json"


class Spy:
    """Notes which methods were called."""

    def __init__(self, real: object) -> None:
        self._real = real
        self.called: set[str] = set()

    def __getattr__(self, method: str) -> Any:
        self.called.add(method)
        return getattr(self._real, method)


def use_ledger(ledger: Any) -> None:
    """Call every method of the port in every way that asks another question."""
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
    ask_ledger(ledger, batch.batch_id)


def ask_ledger(ledger: Any, batch_id: str) -> None:
    """What only reads."""
    of = ref(ledger.batch(batch_id))
    for owner in (None, "ada"):
        for unfinished in (False, True):
            for after in (None, batch_id):
                ledger.batches(owner=owner, unfinished=unfinished, limit=2, after=after)
    for after in (None, batch_id):
        ledger.listed(owner="ada", limit=2, skip=1, after=after)
    assert ledger.count(owner="ada", most=9)
    for only in (None, batch_id):
        assert ledger.overdue(at(99), limit=9, batch_id=only)
    for leaf in (None, 0):
        assert ledger.outcomes(batch_id, 0, limit=9, leaf=leaf)
    for ask in (ledger.outcome, ledger.look, ledger.glance):
        ask(of)
    assert ledger.courses([first_round(ledger.batch(batch_id))])
    for ask in (ledger.intents, ledger.rounds, ledger.milestones, ledger.seal):
        ask(batch_id)
    for ask in (ledger.leaves, ledger.nodes, ledger.closing, ledger.in_flight, ledger.open_places):
        ask(batch_id, 0)
    ledger.attempts(batch_id, 0, [0, 1])
    ledger.line(batch_id, 0, 0)


def use_letters(client: Client) -> set[str]:
    """Ask for dead letters in every way; the methods of their shelf that were called."""

    def dying() -> Any:
        raise Killed

    table = {"job-queued": ("one",)}
    letters = FirestoreLetters(client, HandClock(), prefix="omtx", subscriptions=table, bus=dying)
    shelf: Any = Spy(letters._shelf)
    letters._shelf = shelf
    message = payload(JobQueued(ref=ref(a_batch())))
    for data in (message, b"poison"):
        letters.park("job-queued", data, reason="no such batch")
    newest, oldest = letters.letters(state=None, limit=9)
    letters.discard(newest.id if newest.data == b"poison" else oldest.id, reason="no use", by="ada")
    with suppress(Killed):
        letters.replay(oldest.id if oldest.data == message else newest.id, by="ada")
    for state in (None, LetterState.OPEN):
        for after in (None, newest.id):
            for parked_by in (None, NOON):
                letters.letters(state=state, limit=9, after=after, parked_by=parked_by)
    for parked_by in (None, NOON):
        letters.open_letters(parked_by=parked_by)
    with suppress(Killed):
        letters.collect(limit=9)
    return set(shelf.called)


def use_hooks(hooks: Any) -> None:
    """Call every method of the port in every way that asks another question."""
    endpoint = an_endpoint()
    hooks.add(endpoint, most=9)
    assert hooks.endpoint(endpoint.id) in hooks.endpoints(endpoint.owner, limit=9)
    hooks.change_endpoint(endpoint.id, lambda it: it)
    first, second = (a_delivery(endpoint, batch_id="batch_1") for _ in range(2))
    hooks.note([first, second])
    assert hooks.delivery(first.id) in hooks.due(at(99), limit=9)
    for after in (None, first.id):
        hooks.deliveries(endpoint.id, limit=9, after=after)
    hooks.change_delivery(first.id, lambda it: it)
    other = an_endpoint()
    hooks.add(other, most=9)
    hooks.remove(other.id)
    hooks.add_to_batch(an_endpoint(batch_id="batch_2"))
    hooks.forget_batch("batch_2", limit=9)
    hooks.forget_before(NOON, limit=9)


def use_keys(keys: Any) -> None:
    """Call every method of the port in every way that asks another question."""
    one, two = (
        ApiKey(
            id=f"{number:012d}",
            owner="ada",
            name="bench",
            scopes=frozenset({Scope.READ}),
            tier=Tier.DEFAULT,
            digest=f"{number:064x}",
            created_at=at(number),
        )
        for number in (1, 2)
    )
    assert keys.create(one)
    assert keys.create(two)
    assert keys.any()
    assert keys.find(one.id) == one
    for after, found in ((None, [two, one]), (two.id, [one])):
        assert list(keys.of_owner("ada", limit=9, after=after)) == found
    keys.touch(one.id, now=at(3))
    keys.rotate(one.id, f"{3:064x}", old_until=at(9))
    keys.revoke(two.id, now=at(4))


def use_all(client: Client) -> None:
    """Everything that is kept in Firestore."""
    use_keys(FirestoreKeys(client))
    use_hooks(FirestoreHooks(client))
    use_ledger(FirestoreLedger(client, intents_age=timedelta(0)))
    use_letters(client)
    claim = Claim(batch_id="b", hand="h", ligands=1, usd=0, at=NOON)
    FirestoreConsumptions(client).change("ada", lambda used: Consumption(open={"b": claim}))


@pytest.fixture
def wanted(new_client: Clients, relayed: Relays) -> set[Index]:
    """The indexes that all queries need."""
    found: set[Index] = set()

    def see(method: str, request: bytes, answers: list[bytes]) -> None:
        for query in queries_of(method, request):
            found.update(needed(query))

    use_all(new_client(relayed(seen=see)))
    return found


def declared(kind: str) -> list[dict[str, Any]]:
    """A part of the file."""
    listed: list[dict[str, Any]] = json.loads(FILE.read_text())[kind]
    return listed


def named(kind: str) -> set[tuple[str, str]]:
    """The fields that a part of the file names, with their collections."""
    return {(it["collection"], it["field"]) for it in declared(kind)}


def of_one_field(indexes: Iterable[Index]) -> set[Index]:
    """Those over a single field."""
    return {index for index in indexes if len(index.fields) == 1}


def test_the_composite_indexes_are_those_that_the_queries_need(wanted: set[Index]) -> None:
    listed = [
        Index(it["collection"], it["scope"], tuple((field["path"], field["order"]) for field in it["fields"]))
        for it in declared("composites")
    ]
    assert set(listed) == wanted - of_one_field(wanted)
    assert len(listed) == len(set(listed))


def test_a_query_by_one_field_has_the_index_of_that_field(wanted: set[Index]) -> None:
    overridden = {(it["collection"], it["field"]): it["indexes"] for it in declared("overrides")}
    special = {
        Index(collection, it["scope"], ((field, it["order"]),))
        for (collection, field), indexes in overridden.items()
        for it in indexes
    }
    single = of_one_field(wanted)
    assert special == {it for it in single if (it.collection, it.fields[0][0]) in overridden}
    exempt = named("exemptions") | named("ttl")
    for index in single - special:
        assert index.scope == "COLLECTION", f"{index} needs an override"
        assert (index.collection, index.fields[0][0]) not in exempt, f"{index} is exempt"


def test_no_field_of_the_ledger_is_indexed_that_no_query_asks_for(
    wanted: set[Index], new_client: Clients
) -> None:
    useful = {(index.collection, index.fields[0][0]) for index in of_one_field(wanted)}
    exempt, stored = named("exemptions") | named("ttl"), set(fields_of(new_client()))
    assert exempt <= stored
    # Letters are few, and people look for them in the console.
    assert {it for it in stored - useful if it[0] != "letters"} == {it for it in exempt if it[0] != "letters"}


def fields_of(client: Client) -> Iterable[tuple[str, str]]:
    """Every field of every record, with its collection."""
    for top in client.collections():
        for record in top.stream():
            yield from ((top.id, field) for field in record.to_dict() or {})
            for collection in record.reference.collections():
                for below in collection.stream():
                    yield from ((collection.id, field) for field in below.to_dict() or {})


def test_every_method_that_may_ask_something_was_called(new_client: Clients) -> None:
    spy = Spy(FirestoreLedger(new_client(), intents_age=timedelta(0)))
    use_ledger(spy)
    assert spy.called == {name for base in Ledger.__mro__ for name in vars(base) if not name.startswith("_")}
    hooks: Any = Spy(FirestoreHooks(new_client()))
    use_hooks(hooks)
    assert hooks.called == {name for name in vars(Hooks) if not name.startswith("_")}
    keys: Any = Spy(FirestoreKeys(new_client()))
    use_keys(keys)
    assert keys.called == {name for name in vars(Keys) if not name.startswith("_")}
    changes = {"create", "change", "sent"}
    assert use_letters(new_client()) | changes == {it for it in vars(Shelf) if not it.startswith("_")}


def test_what_expires_carries_its_time(new_client: Clients) -> None:
    use_all(client := new_client())
    for collection, field in named("ttl"):
        found = client.collection(collection).order_by(field).get()
        times = [record.get(field) for record in found if record.get(field) is not None]
        assert times, collection
        assert all(isinstance(time, datetime) for time in times)
