"""Signed URLs are what the client library would sign, but for the algorithm and the key."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from google.auth.credentials import Signing
from google.cloud.storage import Client

from shared.adapters.gcp.signing import LONGEST, UnsignedUrl
from shared.ports.world import Key

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = Key("GOOG1EXAMPLE", b"c2VjcmV0")


class Recorder(Signing):
    """Credentials that keep what they were to sign."""

    signer_email = KEY.id
    signer = None
    asked = b""

    def sign_bytes(self, message: bytes) -> bytes:
        self.asked = message
        return b""


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("key", ["a", "batches/b1/jobs/j-1/structure.cif", "a/b_c.d-e", "a b/ü+%"])
@pytest.mark.parametrize("endpoint", ["https://storage.googleapis.com", "http://127.0.0.1:9000"])
@pytest.mark.parametrize("span", [timedelta(seconds=1), timedelta(hours=2), LONGEST])
def test_the_string_to_sign_is_that_of_the_client_library(
    method: str, key: str, endpoint: str, span: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    monkeypatch.setattr("google.cloud.storage._signing._NOW", lambda zone: AT)
    with Client.create_anonymous_client() as client:
        blob = client.bucket("bucket").blob(key)
        theirs = blob.generate_signed_url(
            span, endpoint, method, version="v4", credentials=recorder, client=client
        )
    url = UnsignedUrl(endpoint, method, "bucket", key, AT, span)
    assert url.string_to_sign(KEY.id, "GOOG4-RSA-SHA256") == recorder.asked.decode()
    ours = urlsplit(url.signed(KEY))
    assert (ours.scheme, ours.netloc, ours.path) == urlsplit(theirs)[:3]
    differing = {"X-Goog-Algorithm", "X-Goog-Signature"}
    assert {it for it in parse_qsl(ours.query) if it[0] not in differing} == {
        it for it in parse_qsl(urlsplit(theirs).query) if it[0] not in differing
    }


def test_the_signature_is_made_with_the_key_of_the_day() -> None:
    url = UnsignedUrl("https://storage.googleapis.com", "GET", "bucket", "a/b", AT, timedelta(hours=1))
    derived = b"GOOG4c2VjcmV0"
    for part in (b"20260102", b"auto", b"storage", b"goog4_request"):
        derived = hmac.digest(derived, part, hashlib.sha256)
    wanted = hmac.digest(derived, url.string_to_sign(KEY.id).encode(), hashlib.sha256).hex()
    query = dict(parse_qsl(urlsplit(url.signed(KEY)).query))
    assert query["X-Goog-Signature"] == wanted
    assert query["X-Goog-Credential"] == "GOOG1EXAMPLE/20260102/auto/storage/goog4_request"
    assert query["X-Goog-Algorithm"] == "GOOG4-HMAC-SHA256"


@pytest.mark.parametrize(
    "change", [{"method": "PUT"}, {"key": "a/c"}, {"bucket": "other"}, {"at": AT + LONGEST}]
)
def test_whatever_else_is_asked_for_needs_another_signature(change: dict[str, object]) -> None:
    fields: dict[str, object] = {
        "endpoint": "https://storage.googleapis.com",
        "method": "GET",
        "bucket": "bucket",
        "key": "a/b",
        "at": AT,
        "span": timedelta(hours=1),
    }
    one, other = (UnsignedUrl(**it).signed(KEY) for it in (fields, fields | change))  # type: ignore[arg-type]
    assert one.rpartition("=")[2] != other.rpartition("=")[2]
