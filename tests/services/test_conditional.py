"""What a client may keep, and that it is told when it has an answer already."""

import gzip
import hashlib
import zlib
from collections.abc import Mapping

import brotli
import pytest

from services.api.conditional import PRIVATE
from services.api.encoding import chosen
from shared.domain.identity import job_id
from tests.support.chain import Chain
from tests.support.functions import Reply, call
from tests.support.screens import finished, opened

PATHS = (
    "/api/v3/batches",
    "/api/v3/batches/{0}/status",
    "/api/v3/batches/{0}/results",
    "/api/v3/batches/{0}/artefacts",
    "/api/v3/batches/{0}/artefacts/summary.json",
    "/api/v3/batches/{0}/export/csv",
    "/api/jobs/{1}",
    "/api/jobs/{1}/download/json",
    "/api/v2/models",
)


def get(path: str, method: str = "GET", **headers: str) -> Reply:
    """One request to the API; ``if_none_match`` is the header of that name."""
    return call(
        "api", method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.fixture
def screen(chain: Chain) -> str:
    """A finished screen whose ligands left files."""
    return finished(chain, 60, parameters={"payload_bytes": 4000})


def paths(batch_id: str) -> list[str]:
    """Those that are the same until something happens."""
    return [path.format(batch_id, job_id(batch_id, 0)) for path in PATHS]


def test_what_a_client_has_is_not_sent_again(screen: str) -> None:
    for path in paths(screen):
        first = get(path)
        assert first.status == 200
        for asked in (first.headers["etag"], f'"x", {first.headers["etag"]}', "*"):
            again = get(path, if_none_match=asked)
            assert (again.status, again.raw) == (304, b""), path
            assert again.headers["etag"] == first.headers["etag"]
            assert "content-length" not in again.headers
        assert get(path, if_none_match='"another"').raw == first.raw


def test_bytes_that_are_known_by_their_digest_have_a_strong_validator(screen: str) -> None:
    for name in ("artefacts/summary.json", "export/csv"):
        reply = get(f"/api/v3/batches/{screen}/{name}")
        assert reply.headers["etag"] == f'"{hashlib.sha256(reply.raw).hexdigest()}"'


def test_a_validator_changes_with_what_it_is_about(chain: Chain) -> None:
    batch_id = opened(chain, 2)
    path = f"/api/v3/batches/{batch_id}/results"
    before = get(path).headers["etag"]
    chain.drain()
    after = get(path, if_none_match=before)
    assert after.status == 200
    assert after.headers["etag"] != before
    assert before.startswith('W/"')


def test_a_head_is_answered_like_a_get_without_its_body(screen: str) -> None:
    for path in paths(screen):
        whole, head = get(path), get(path, "HEAD")
        assert (head.status, head.raw) == (200, b""), path
        assert dict(head.headers) == dict(whole.headers)
    assert get("/api/v3/batches/nothing/status", "HEAD").status == 404


def test_nobody_but_the_owner_keeps_what_is_owned(screen: str) -> None:
    for path in paths(screen):
        headers = get(path).headers
        assert headers["cache-control"] == PRIVATE
        assert {"authorization", "x-api-key", "accept-encoding"} <= set(
            headers["vary"].lower().replace(" ", "").split(",")
        )
    assert get("/api/v3/batches/nothing/status").headers["cache-control"] == "no-store"
    paused = get(f"/api/v3/batches/{screen}/control/pause", "POST")
    assert (paused.status, paused.headers["cache-control"]) == (409, "no-store")
    assert "public" in get("/openapi.json").headers["cache-control"]


# packed on the way


def unpacked(reply: Reply) -> bytes:
    """The body that was sent."""
    encoding = reply.headers.get("content-encoding")
    if encoding == "gzip":
        return gzip.decompress(reply.raw)
    return brotli.decompress(reply.raw) if encoding == "br" else reply.raw


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_texts_are_packed_as_the_client_likes_and_mean_the_same(screen: str, encoding: str) -> None:
    for path in (f"/api/v3/batches/{screen}/{name}" for name in ("status", "results", "export/csv")):
        plain, packed = get(path), get(path, accept_encoding=encoding)
        assert packed.headers["content-encoding"] == encoding
        assert len(packed.raw) < len(plain.raw) / 2
        assert unpacked(packed) == plain.raw
        assert "content-encoding" not in plain.headers
        assert packed.headers["etag"].startswith('W/"'), "other bytes are no longer strongly the same"
        assert get(path, accept_encoding=encoding, if_none_match=packed.headers["etag"]).status == 304
        assert get(path, if_none_match=packed.headers["etag"]).status == 304


def test_what_is_packed_already_small_or_an_error_stays_as_it_is(screen: str) -> None:
    for path in (
        f"/api/v3/batches/{screen}/export/zip",
        f"/api/v3/batches/{screen}/export/parquet",
        f"/api/v3/batches/{screen}/artefacts/results/rows-00000.jsonl.gz",
        "/health/live",
        f"/api/v3/batches/{'x' * 2000}/status",
    ):
        assert "content-encoding" not in get(path, accept_encoding="gzip, br").headers, path


def test_what_is_kept_is_kept_for_each_encoding(screen: str) -> None:
    path = f"/api/v3/batches/{screen}/status"
    bodies = [
        unpacked(get(path, accept_encoding=accepted)) for accepted in ("br", "gzip", "", "br", "gzip", "")
    ]
    assert len(set(bodies)) == 1


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        *(("", None), ("identity", None), ("gzip", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip")),
        *(("gzip, br", "br"), ("gzip;q=1, br;q=0.5", "gzip"), ("br;q=0, gzip", "gzip"), ("*", "br")),
        *(("gzip;q=0", None), ("gzip;q=0.5, identity", None), ("gzip;q=x", None), ("zstd, deflate", None)),
        *(("*;q=0", None), (" , ;", None), ("br;q=0, *", "gzip")),
    ],
)
def test_the_client_says_what_it_can_unpack(accepted: str, encoding: str | None) -> None:
    assert chosen(accepted) == encoding


@pytest.mark.parametrize(
    ("function", "path"), [("api", "/api/v3/batches/x/control/pause"), ("submit", "/api/v3/batches/submit")]
)
def test_a_packed_body_is_not_unpacked(chain: Chain, function: str, path: str) -> None:
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([*(packing.compress(bytes(2**20)) for _ in range(64)), packing.flush()])
    headers: Mapping[str, str] = {"Content-Encoding": "gzip"}
    reply = call(function, "POST", path, bomb, headers)
    assert reply.status in (400, 415, 422)
    assert chain.api("/api/v3/batches").body["batches"] == []
