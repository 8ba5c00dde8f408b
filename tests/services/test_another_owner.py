"""
Every route, asked without a key, with a key that lacks the scope, and with another owner's key.

The routes are those of the application and of the topology table: a new one is asked, too.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from services.api.application import application
from services.api.dependencies import OPEN, Needs
from shared import wiring
from shared.models.access import EVERYTHING, Scope
from shared.topology import topology
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply, call
from tests.support.keys import bearing, made
from tests.support.orders import noop_order
from tests.support.screens import assert_problem, finished

OWNERS = re.compile(r"\{(batch_id|job_id)(:path)?\}")
OTHERS = {
    "action": "pause",
    "form": "json",
    "wanted": "json",
    "name": "batch_results.json",
    "model_id": "noop",
}

Found = tuple[str, set[str], tuple[Any, ...]]


@dataclass(frozen=True)
class Door:
    """A route: what it needs, and whether its path names something of one owner."""

    method: str
    path: str
    needs: Scope | None
    declared: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_owned(self) -> bool:
        """Whether it is about one batch or job."""
        return OWNERS.search(self.path) is not None


def doors() -> Iterator[Door]:
    """Every route of the application."""
    for path, methods, dependencies in routes(application().routes):
        needs = [it.dependency.scope for it in dependencies if isinstance(it.dependency, Needs)]
        is_open = any(it.dependency is OPEN.dependency for it in dependencies)
        assert len(needs) + is_open <= 1, f"{path} says twice what it needs"
        for method in sorted(methods):
            yield Door(method, path, needs[0] if needs else None, bool(needs or is_open))


def routes(found: Iterable[Any], prefix: str = "", around: tuple[Any, ...] = ()) -> Iterator[Found]:
    """Those of the application and of the routers in it, with what they depend on."""
    for route in found:
        if isinstance(route, APIRoute):
            yield prefix + route.path, route.methods or set(), (*around, *route.dependencies)
        else:
            context = route.include_context  # whatever else it is cannot say what it needs, and fails
            inner = (*around, *context.dependencies)
            yield from routes(route.original_router.routes, prefix + context.prefix, inner)


DOORS = list(doors())
CLOSED = [door for door in DOORS if door.needs is not None]
OWNED = [door for door in CLOSED if door.is_owned]
SHARED = [
    door for door in CLOSED if not door.is_owned and door.needs is not Scope.ADMIN and door.method == "GET"
]


@dataclass(frozen=True)
class World:
    """One owner's batch, which is over, and the keys of two owners."""

    chain: Chain
    batch: str
    job: str
    own: str
    other: str
    lacking: dict[Scope, str]

    def asked(self, door: Door, key: str | None, body: Any = None, headers: Any = ()) -> Reply:
        """The answer to a request about the batch."""
        given = {**OTHERS, "batch_id": self.batch, "job_id": self.job}
        path = re.sub(r"\{(\w+)(:path)?\}", lambda found: given.get(found[1], "x"), door.path)
        return call("api", door.method, path, body, {**(bearing(key) if key else {}), **dict(headers)})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A home with two owners."""
    home: Path = tmp_path_factory.mktemp("owners")
    with pytest.MonkeyPatch.context() as patch, chain_at(home) as chain:
        patch.setenv("OMTX_LIMITS_ENABLED", "0")  # every request without a key would be a guess
        wiring.reset()
        batch = finished(chain)
        job = chain.api(f"/api/v3/batches/{batch}/status").body["jobs"][0]["job_id"]
        _, own = made("local")
        _, other = made("eve", EVERYTHING - {Scope.ADMIN})
        lacking = {scope: made("eve", EVERYTHING - {scope})[1] for scope in Scope}
        yield World(chain, batch, job, own, other, lacking)


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_every_route_says_who_may_call_it(door: Door) -> None:
    assert door.declared, "give the route or its router READ, SUBMIT, DELETE, ADMIN or OPEN"


def test_what_needs_no_key_is_probes_and_the_reference() -> None:
    open_paths = {door.path for door in DOORS if door.declared and door.needs is None}
    assert open_paths <= {
        *("/health", "/health/live", "/health/ready", "/docs", "/openapi.json"),
        *("/v1/health/ready", "/v1/health/live", "/v1/metadata", "/metrics", "/api/v1/webhooks/events"),
    }


@pytest.mark.parametrize("door", [door for door in CLOSED if door.method != "GET"], ids=str)
def test_what_changes_something_needs_more_than_reading(door: Door) -> None:
    assert door.needs is not Scope.READ


@pytest.mark.parametrize("door", CLOSED, ids=str)
def test_without_a_key_no_route_answers(world: World, door: Door) -> None:
    reply = world.asked(door, None)
    assert_problem(reply, 401)
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("door", CLOSED, ids=str)
def test_without_the_scope_no_route_answers(world: World, door: Door) -> None:
    assert door.needs is not None
    reply = world.asked(door, world.lacking[door.needs])
    assert_problem(reply, 403)
    assert f"'{door.needs.value}'" in reply.body["detail"]


WRITING = [door for door in CLOSED if door.method != "GET"]
BROKEN: tuple[tuple[bytes, dict[str, str]], ...] = (
    (b"{", {}),
    (b'{"surprise": 1}', {}),
    (b"\xff", {"Content-Type": "application/x-www-form-urlencoded"}),
    (b"[" * 70_000, {}),
    (b"x", {"Content-Encoding": "gzip"}),
)


@pytest.mark.parametrize("door", WRITING, ids=str)
def test_who_may_not_call_learns_nothing_of_a_broken_body(world: World, door: Door) -> None:
    assert door.needs is not None
    for body, headers in BROKEN:
        assert_problem(world.asked(door, None, body, headers), 401)
        assert_problem(world.asked(door, "omtx_of_nobody", body, headers), 401)
        assert_problem(world.asked(door, world.lacking[door.needs], body, headers), 403)


@pytest.mark.parametrize("door", CLOSED, ids=str)
def test_who_may_not_call_learns_nothing_of_a_broken_query(world: World, door: Door) -> None:
    wrong = "?limit=x&cursor=-1&page=0&per_page=x&offset=x&format=x&smiles="
    assert_problem(world.asked(replace(door, path=door.path + wrong), None), 401)


@pytest.mark.parametrize("door", OWNED, ids=str)
def test_what_is_anothers_is_not_there(world: World, door: Door) -> None:
    reply = world.asked(door, world.other)
    assert reply.status in (404, 422)
    assert_problem(reply, reply.status)
    if reply.status == 422:  # asked with too little; then what is missing is told, and nothing else
        assert world.asked(door, world.own).status == 422
    if door.method == "GET":
        assert world.asked(door, world.own).status not in (401, 403)


@pytest.mark.parametrize("door", SHARED, ids=str)
def test_no_list_has_anything_of_another_owner(world: World, door: Door) -> None:
    reply = world.asked(door, world.other)
    assert reply.status not in (401, 403)
    assert world.batch.encode() not in reply.raw


def test_the_owner_finds_it_all_again_after_others_tried(world: World) -> None:
    found = call("api", "GET", f"/api/v3/batches/{world.batch}/status", None, bearing(world.own))
    assert (found.status, found.body["status"]) == (200, "completed")


PUBLIC = [(name, route) for name, it in topology().public().items() for route in it.routes if name != "api"]


@pytest.mark.parametrize(("function", "route"), PUBLIC, ids=lambda it: getattr(it, "path", it))
def test_functions_with_routes_of_their_own_are_closed_too(world: World, function: str, route: Any) -> None:
    reply = call(function, route.method, route.path, noop_order())
    if function == "webhook":  # signed by the engine, and no user's
        assert_problem(call(function, route.method, route.path, {}, bearing(world.own)), 401)
    else:
        lacking = call(function, route.method, route.path, noop_order(), bearing(world.lacking[Scope.SUBMIT]))
        assert_problem(lacking, 403)
        for body, headers in BROKEN:
            assert_problem(call(function, route.method, route.path, body, headers), 401)
    assert_problem(reply, 401)


def test_an_idempotency_key_is_one_owners_own(world: World) -> None:
    def sent(key: str) -> str:
        headers = {**bearing(key), "Idempotency-Key": "k1"}
        reply = call("submit", "POST", "/api/v3/batches/submit", noop_order(), headers)
        assert reply.status == 202
        return str(reply.body["batch_id"])

    assert sent(world.own) == sent(world.own)
    assert sent(world.own) != sent(world.other)


def test_an_upload_is_one_owners_own(world: World) -> None:
    offer = call("submit", "POST", "/api/v3/libraries", {"file_name": "a.smi"}, bearing(world.own))
    order = {key: it for key, it in noop_order().items() if key != "ligands"}
    order["library"] = {"uri": offer.body["library_uri"]}
    for path in ("/api/v3/batches/submit", "/api/v3/batches/estimate"):
        reply = call("submit", "POST", path, order, bearing(world.other))
        assert_problem(reply, 422)
        assert "none of your uploads" in reply.body["detail"]
