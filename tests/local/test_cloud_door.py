"""The front door before functions that are other processes."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from werkzeug.wrappers import Request, Response

from local.cloud.child import free_port
from local.cloud.door import Proxy, front_door
from local.listening import WebServer
from local.routing import Router, threaded
from shared.topology import topology

Serve = Callable[[Any], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves applications, each at an address of its own."""
    with ExitStack() as stack:

        def start(app: Any) -> str:
            server = WebServer(0)
            server.start(app if isinstance(app, Router) else threaded(app))
            stack.callback(server.stop)
            return server.url

        yield start


@Request.application
def telling(request: Request) -> Response:
    """Say what came."""
    told = {
        "path": request.full_path.rstrip("?"),
        "method": request.method,
        "key": request.headers.get("Idempotency-Key", ""),
        "size": str(len(request.get_data())),
    }
    return Response(repr(told), status=202, headers={"X-Told": request.method})


def told(answer: httpx.Response) -> str:
    """What the function said."""
    assert answer.status_code == 202, answer.text
    return answer.text


def door(serve: Serve, **bases: str) -> str:
    """A front door; a function that is not given lives at an address where nobody is."""
    nobody = f"http://127.0.0.1:{free_port()}"
    proxies = {name: Proxy(bases.get(name, nobody)) for name in topology().functions}
    return serve(front_door(topology(), proxies))


def test_a_request_reaches_the_function_that_owns_its_route_as_it_came(serve: Serve) -> None:
    def named(name: str) -> object:
        return Request.application(lambda request: Response(f"{name} {request.full_path}"))

    url = door(serve, submit=serve(named("submit")), webhook=serve(named("webhook")), api=serve(named("api")))
    with httpx.Client(base_url=url, trust_env=False) as client:
        assert client.post("/api/v3/batches/submit").text.startswith("submit /api/v3/batches/submit")
        assert client.post("/api/v3/webhooks/engine").text.startswith("webhook ")
        assert client.get("/api/v3/batches?a=1%202&b=%C3%A9").text == "api /api/v3/batches?a=1%202&b=%C3%A9"


def test_headers_status_and_bodies_of_known_and_unknown_length_pass(serve: Serve) -> None:
    url = door(serve, submit=serve(telling))
    with httpx.Client(base_url=url, trust_env=False, headers={"Idempotency-Key": "k"}) as client:
        whole = client.post("/api/v3/libraries", content=b"x" * 300_000)
        pieces = client.post("/api/v3/libraries", content=iter([b"x" * 100_000] * 3))
    assert whole.headers["X-Told"] == "POST"
    assert told(whole) == told(pieces)
    assert "'key': 'k', 'size': '300000'" in told(whole)


def test_an_answer_is_passed_on_while_it_is_still_being_made(serve: Serve) -> None:
    def slow() -> Iterator[bytes]:
        yield b"first"
        time.sleep(1)
        yield b"last"

    url = door(serve, api=serve(Request.application(lambda _: Response(slow()))))
    begun = time.monotonic()
    with httpx.stream("GET", f"{url}/api/v3/batches", trust_env=False) as answer:
        pieces = answer.iter_bytes()
        assert next(pieces) == b"first"
        assert time.monotonic() - begun < 0.9
        assert b"".join(pieces) == b"last"


def test_a_function_that_is_not_there_is_a_problem_that_may_pass(serve: Serve) -> None:
    answer = httpx.get(f"{door(serve)}/api/v3/batches", trust_env=False)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "the function did not answer: ConnectError"


def test_event_functions_have_no_address_outside(serve: Serve) -> None:
    url = door(serve, dispatch=serve(telling), complete=serve(telling))
    for path in ("/projects/omtx-local/topics/omtx-job-queued", "/dispatch"):
        assert httpx.post(f"{url}{path}", trust_env=False).status_code == 502, "it is the api's to refuse"
