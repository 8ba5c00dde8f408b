"""What a function's code uses stands in its row of the topology, from which its grants are made."""

from functools import cache

import pytest

from shared import wiring
from shared.events import messages
from shared.topology import Function, topology
from tests.infra.reach import Reach

FUNCTIONS = topology().functions
TOPICS = {
    name: kind.topic for name, kind in vars(messages).items() if isinstance(getattr(kind, "topic", None), str)
}
LEDGER = {"access", "consumptions", "dead_letters", "hooks", "keys", "ledger", "notices"}
OBJECTS = {"alignments", "blobs", "manifest", "roster"}
REDIS = {"answers", "limiter", "meter", "redis"}
FREE = {"callers", "clock", "orders", "queues", "runs", "secrets", "tracer"}
"""Opens nothing at Google that wants a grant, or is looked at more closely below."""
WRITING = {"put", "put_if_absent", "put_many", "delete", "delete_many"}
SIGNING = {"get_url", "put_url"}
each = pytest.mark.parametrize(("name", "function"), FUNCTIONS.items())


@cache
def reach(name: str) -> Reach:
    """Read once."""
    return Reach(name)


def test_whatever_can_be_taken_is_known_here() -> None:
    ports = LEDGER | OBJECTS | REDIS | FREE | {"bus", "engine", "notary", "vault"}
    assert set().union(*(reach(name).wired() for name in FUNCTIONS)) <= ports <= set(wiring.__all__)


@each
def test_a_function_opens_what_its_code_takes_and_no_more(name: str, function: Function) -> None:
    taken, opens = reach(name).wired(), function.opens
    assert bool(taken & LEDGER) == (opens.ledger == "write")
    assert bool(taken & OBJECTS) == bool(opens.objects)
    assert bool(taken & REDIS) == opens.redis
    assert ("engine" in taken) == opens.engine
    assert ("orders" in taken) == opens.orders


@each
def test_a_function_may_do_with_objects_what_its_code_does(name: str, function: Function) -> None:
    done = reach(name).asked("blobs")
    assert bool(done & WRITING) == ("write" in function.opens.objects)
    assert bool(done & SIGNING) == ("sign" in function.opens.objects)


@each
def test_a_function_reads_the_secrets_that_its_code_asks_for(name: str, function: Function) -> None:
    asked = reach(name).told("keys") - {"modal-token", "msa-login"}
    asked |= {"hooks"} if "vault" in reach(name).wired() else set()
    asked |= {"manifest"} if "sign" in reach(name).asked("notary") else set()
    asked |= {"urls"} if reach(name).asked("blobs") & SIGNING else set()
    assert asked == set(function.opens.secrets)
    assert ("msa-login" in reach(name).told("keys")) == function.opens.msa_server


@each
def test_a_function_publishes_what_its_code_makes(name: str, function: Function) -> None:
    made = {TOPICS[it] for it in reach(name).made() & TOPICS.keys()}
    again = {function.subscription.topic} if function.subscription else set()
    assert made <= set(function.publishes) <= made | again
    assert ("bus" in reach(name).wired() or "notices" in reach(name).wired()) == bool(function.publishes)


@each
def test_who_collects_what_pubsub_gave_up_may_take_it(name: str, function: Function) -> None:
    assert ("collect" in reach(name).asked("letters")) == function.opens.dead_letters
