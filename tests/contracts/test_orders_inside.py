"""Orders that a function of ours places at the twin of ``submit``, which wants to know who calls."""

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from shared import wiring
from shared.adapters.gcp.access import IdentityTokens
from shared.adapters.orders import HttpOrders
from shared.errors import Unavailable
from tests.support.credentials import Identity


class Submit(HTTPServer):
    """Accepts every order, and keeps the headers that came with each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Accepting)
        self.seen = list[Mapping[str, str]]()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Accepting(BaseHTTPRequestHandler):
    """One order."""

    server: Submit

    def do_POST(self) -> None:
        """Accept it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        body = json.dumps({"batch_id": "b1"}).encode()
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def submit() -> Iterator[Submit]:
    """Serving."""
    with Submit() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_who_calls_is_told_beside_whose_order_it_is(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()

    def found(audience: str, request: object) -> Identity:
        asked.append(audience)
        return Identity("token-of-api")

    monkeypatch.setattr("shared.adapters.gcp.access.fetch_id_token_credentials", found)
    orders = HttpOrders(submit.url, identity=IdentityTokens(submit.url).token)
    for _ in range(2):
        assert orders.place("/api/v3/batches/submit", {}, {"Authorization": "Bearer key"}).status == 202
    assert asked == [submit.url]
    for headers in submit.seen:
        assert headers["x-serverless-authorization"] == "Bearer token-of-api"
        assert headers["authorization"] == "Bearer key"


def test_without_an_identity_nothing_is_sent(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "shared.adapters.gcp.access.fetch_id_token_credentials", lambda audience, request: Identity()
    )
    with pytest.raises(Unavailable):
        HttpOrders(submit.url, identity=IdentityTokens(submit.url).token).place("/", {}, {})
    assert submit.seen == []


def test_users_addresses_are_told_nothing_of_who_we_are(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_PUBLIC_URL", submit.url)
    wiring.reset()
    wiring.orders().place("/", {}, {"X-API-Key": "key"})
    wiring.reset()
    (headers,) = submit.seen
    assert headers["x-api-key"] == "key"
    assert "x-serverless-authorization" not in headers
