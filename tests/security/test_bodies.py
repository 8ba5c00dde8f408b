"""No body, however large, deep or packed, costs more than its refusal."""

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from local.reference import document
from shared.settings import settings
from tests.security.conftest import Home
from tests.support.orders import noop_order

JSON = {"content-type": "application/json"}
POSTS = [
    (method.upper(), path)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
    if "requestBody" in operation
]
DEEP = 100_000
DEEP_BODIES = {
    "lists": b"[" * DEEP + b"]" * DEEP,
    "objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "open lists": b"[" * DEEP,
    "in a field": b'{"ligands":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "in free metadata": b'{"metadata":{"a":' + b"[" * DEEP + b"]" * DEEP + b"}}",
}


def called(home: Home, path: str) -> str:
    known = path.replace("{batch_id}", home.batch).replace("{action}", "pause")
    return known.replace("{", "").replace("}", "")


@pytest.mark.parametrize("body", DEEP_BODIES)
@pytest.mark.parametrize(("method", "path"), POSTS, ids=lambda it: it)
def test_a_body_nested_a_hundred_thousand_times_is_refused(
    home: Home, method: str, path: str, body: str
) -> None:
    status, raw, _ = home.ask(method, called(home, path), DEEP_BODIES[body], **JSON)
    assert status in (400, 404, 409, 413, 422), raw
    assert json.loads(raw)["status"] == status


@pytest.mark.parametrize(("method", "path"), POSTS, ids=lambda it: it)
def test_a_body_beyond_the_limit_is_refused(home: Home, method: str, path: str) -> None:
    body = b'{"job_name":"' + b"x" * (settings().most_body_bytes + 10) + b'"}'
    status, raw, _ = home.ask(method, called(home, path), body, **JSON)
    assert status == 413, raw


@pytest.mark.parametrize(("method", "path"), POSTS, ids=lambda it: it)
def test_a_packed_body_is_not_unpacked(home: Home, method: str, path: str) -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    status, raw, _ = home.ask(method, called(home, path), packed, **JSON, **{"content-encoding": "gzip"})
    assert status in (415, 422), raw


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_an_upload_that_unpacks_to_more_than_a_library_may_have_is_refused_as_it_is_read(
    home: Home, traced: None
) -> None:
    offer = json.loads(home.ask("POST", "/api/v3/libraries", b'{"file_name": "bomb.csv.gz"}', **JSON)[1])
    path = "/objects/" + offer["upload_url"].partition("/objects/")[2]
    packed = bomb()
    assert home.ask("PUT", path, packed, **{"content-length": str(len(packed))})[0] == 200
    order = noop_order() | {"ligands": None, "library": {"uri": offer["library_uri"]}}
    begun = time.process_time()
    status, raw, _ = home.ask("POST", "/api/v3/batches/submit", json.dumps(order).encode(), **JSON)
    assert status in (413, 422), raw
    assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    assert time.process_time() - begun < 30


def bomb() -> bytes:
    """Somewhat more than a library may have, in one line, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(b"smiles\n")]
    pieces += [packer.compress(b"C" * 2**20) for _ in range(260)]
    return b"".join([*pieces, packer.flush()])
