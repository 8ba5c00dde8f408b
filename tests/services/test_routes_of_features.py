"""Every route that users know is there, and answers with what they read, while a screen runs and after."""

import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi.routing import APIRoute

from local.reference import document
from services.api.application import application
from shared.domain.identity import job_id
from shared.topology import topology
from tests.services.routes_of_features import JSON, Route
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply, call
from tests.support.screens import assert_problem, finished, one_answer, opened, tell

MODULES = sorted(path.stem for path in Path(__file__).parent.glob("routes_of_*.py"))
TABLE: list[Route] = [route for name in MODULES for route in import_module(f"tests.services.{name}").ROUTES]
READING = [it for it in TABLE if it.method == "GET"]
CHANGING = [it for it in TABLE if it.method != "GET"]
OWNED = [it for it in TABLE if "{batch}" in it.example or "{job}" in it.example]
MODELS = {
    (method, route.path): route.responses[200]["model"]
    for route in application().routes
    if isinstance(route, APIRoute) and "model" in route.responses.get(200, {})
    for method in route.methods or ()
}
PATHS = document()["paths"]
STORED: dict[str, Any] = {"parameters": {"payload_bytes": 8}}


class Screens(NamedTuple):
    """Two of three ligands of one screen are open; the other is over."""

    running: str
    finished: str


def screens(chain: Chain) -> Screens:
    """Both, on a chain of their own."""
    ended = finished(chain, 2, invalid=1, **STORED)
    running = opened(chain, 3, configuration={"max_concurrent_jobs": 1}, **STORED)
    tell(chain, one_answer(chain))
    return Screens(running, ended)


@pytest.fixture(scope="module")
def looked_at() -> Iterator[Screens]:
    """For routes that change nothing."""
    with tempfile.TemporaryDirectory() as home, chain_at(Path(home)) as chain:
        yield screens(chain)


def asked(route: Route, batch_id: str) -> Reply:
    """The route, called as its example says, about a screen."""
    path = route.example.replace("{batch}", batch_id).replace("{job}", job_id(batch_id, 0))
    of_submit = any(path.startswith(it.path) for it in topology().functions["submit"].routes)
    function = "submit" if of_submit and route.method == "POST" else "api"
    return call(function, route.method, path, route.body)


def check(route: Route, reply: Reply, status: int) -> None:
    """The answer is what the table, and the class of the route, say."""
    if status >= 400:
        assert_problem(reply, status)
        return
    assert reply.status == status, reply.raw
    assert reply.headers["Content-Type"].split(";")[0] == route.media.split(";")[0]
    if route.media != JSON:
        assert reply.raw
        return
    for field in route.fields.split():
        read(reply.body, field)
    if (model := MODELS.get((route.method, route.path))) is not None:
        model.model_validate(reply.body, extra="forbid")


def read(body: Any, field: str) -> None:
    """The field is there, whatever it holds; a list on the way to it has items."""
    step, _, rest = field.partition(".")
    name = step.removesuffix("[]")
    assert name in body, f"{name} of {field}"
    if rest:
        inner = body[name] if step.endswith("[]") else [body[name]]
        assert inner, f"{name} of {field} is empty"
        for item in inner:
            read(item, rest)


@pytest.mark.parametrize("route", TABLE, ids=str)
def test_a_route_that_users_know_is_documented(route: Route) -> None:
    operation = PATHS.get(route.path, {}).get(route.method.lower())
    assert operation is not None
    assert any(code < "300" for code in operation["responses"])
    assert {"404", "422"} <= operation["responses"].keys()


def test_no_route_stands_in_the_table_twice() -> None:
    assert len({(it.method, it.path) for it in TABLE}) == len(TABLE)


@pytest.mark.parametrize("route", READING, ids=str)
def test_a_route_that_reads_answers_while_a_screen_runs_and_after(route: Route, looked_at: Screens) -> None:
    check(route, asked(route, looked_at.running), route.running)
    check(route, asked(route, looked_at.finished), route.finished)


@pytest.mark.parametrize("route", CHANGING, ids=str)
def test_a_route_that_changes_something_answers_while_a_screen_runs_and_after(
    route: Route, chain: Chain
) -> None:
    there = screens(chain)
    check(route, asked(route, there.running), route.running)
    check(route, asked(route, there.finished), route.finished)


@pytest.mark.parametrize("route", OWNED, ids=str)
def test_of_anothers_screen_every_route_knows_nothing(
    route: Route, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = opened(chain, 2)
    monkeypatch.setenv("OMTX_OWNER", "eve")
    chain.restart()
    assert_problem(asked(route, batch_id), 404)


def test_every_route_of_the_document_stands_in_the_table() -> None:
    told = {(method.upper(), path) for path, methods in PATHS.items() for method in methods}
    assert told == {(it.method, it.path) for it in TABLE}
