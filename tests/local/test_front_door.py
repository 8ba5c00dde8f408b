"""What the embedded server lets in: signed objects, its own pages, and nothing of the inside."""

import base64
import gc
import json
import socket
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from local.home import HomeInUse
from local.runner import Runner
from shared import wiring
from shared.topology import topology
from tests.local.running import Running

KEY = "batches/b/jobs/j/payload.bin"


def test_a_second_runner_on_the_same_home_is_refused_by_name(running: Running) -> None:
    with pytest.raises(HomeInUse, match=rf"in use by process \d+ at {running.runner.url}"):
        Runner(running.runner.home, port=0, workers=1).__enter__()
    assert running.client.get("/api/v3/batches").is_success, "the first one is undisturbed"


def test_the_note_on_where_the_runner_is_goes_with_it(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        note = json.loads((tmp_path / "runner.json").read_text())
        assert note["url"] == running.runner.url
    assert not (tmp_path / "runner.json").exists()


def test_what_a_runner_loads_is_not_searched_for_garbage_until_it_ends(tmp_path: Path) -> None:
    with Running(tmp_path):
        assert gc.isenabled()
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0


def test_only_the_loopback_address_is_served(running: Running) -> None:
    port = httpx.URL(running.runner.url).port
    assert port is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", port))  # would be taken if the server listened everywhere


@pytest.mark.parametrize("name", [n for n, f in topology().functions.items() if f.trigger == "event"])
def test_no_event_function_is_reached_from_outside(running: Running, name: str) -> None:
    subscription = topology().functions[name].subscription
    assert subscription is not None
    data = base64.b64encode(b"not an event").decode()
    push = {"message": {"data": data, "messageId": "1"}, "subscription": subscription.name}
    for path in (
        f"/_functions/{name}/projects/omtx/topics/{subscription.topic}",
        f"/projects/omtx/topics/{subscription.topic}",
        f"/{name}",
    ):
        assert running.client.post(path, json=push).status_code in (404, 405)
    assert wiring.local_bus().dead_letters() == [], "the function would have parked this message"


def test_a_page_from_elsewhere_cannot_use_the_users_browser(running: Running) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert running.client.get("/api/v3/batches", headers=headers).status_code == 403
    assert running.client.get("/api/v3/batches", headers={"Origin": running.runner.url}).is_success


def test_an_object_goes_in_and_out_by_its_signed_urls(running: Running) -> None:
    until, content = wiring.clock().now() + timedelta(minutes=1), b"0123456789" * 300_000

    assert running.client.put(wiring.blobs().put_url(KEY, until=until), content=content).is_success
    assert running.client.get(wiring.blobs().get_url(KEY, until=until)).content == content


def test_a_missing_object_is_not_found(running: Running) -> None:
    until = wiring.clock().now() + timedelta(minutes=1)
    answer = running.client.get(wiring.blobs().get_url("no/such", until=until))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_signed_url_is_for_one_method_one_key_and_one_time(running: Running) -> None:
    now, blobs = wiring.clock().now(), wiring.blobs()
    blobs.put(KEY, b"before")
    late = blobs.put_url(KEY, until=now - timedelta(seconds=2))
    good = blobs.put_url(KEY, until=now + timedelta(minutes=1))
    for method, url in (
        ("PUT", late),
        ("GET", good),
        ("DELETE", good),
        ("PUT", good.replace("payload.bin", "another.bin")),
        ("PUT", good.replace("expires=", "expires=9")),
        ("PUT", good.replace("expires=", "expires=²")),
        ("PUT", good[:-1] + ("0" if good[-1] != "0" else "1")),
        ("PUT", good.split("?")[0]),
    ):
        answer = running.client.request(method, url, content=b"after")
        assert answer.status_code in (401, 403), (method, url)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert blobs.get(KEY) == b"before"


def test_an_upload_that_is_too_large_or_breaks_off_stores_nothing(running: Running) -> None:
    address = httpx.URL(wiring.blobs().put_url(KEY, until=wiring.clock().now() + timedelta(minutes=1)))
    assert address.port is not None
    for announced, expected in ((600 * 1024 * 1024, b" 413 "), (1000, b"")):
        with socket.create_connection(("127.0.0.1", address.port)) as client:
            head = f"PUT {address.raw_path.decode()} HTTP/1.1\r\nHost: localhost\r\n"
            client.sendall(f"{head}Content-Length: {announced}\r\n\r\n".encode() + b"x" * 10)
            client.shutdown(socket.SHUT_WR)
            assert expected in client.recv(4096)
    assert list(wiring.blobs().list("batches/b/")) == []
