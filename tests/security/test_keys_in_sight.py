"""A key is in a header and nowhere else: not in an address, not in a log, not in an answer."""

import json
import logging

import pytest

from shared import wiring
from tests.security.conftest import Home
from tests.support.asgi import asked

PLACES = ("api_key", "key", "token", "access_token", "x-api-key", "Authorization", "authorization")


@pytest.mark.parametrize("place", PLACES)
def test_a_key_in_an_address_is_no_key(home: Home, place: str) -> None:
    for path in ("/api/v3/batches", "/api/v3/usage"):
        status, raw, _ = asked(home.web, "GET", f"{path}?{place}={home.key}", b"", {})  # type: ignore[arg-type]
        assert status == 401
        assert home.key.encode() not in raw


def test_a_key_in_a_cookie_or_a_body_is_no_key(home: Home) -> None:
    body = json.dumps({"api_key": home.key}).encode()
    headers = {"cookie": f"api_key={home.key}", "content-type": "application/json"}
    for path in ("/api/v3/batches/submit", "/api/v3/webhooks"):
        assert asked(home.web, "POST", path, body, headers)[0] == 401  # type: ignore[arg-type]


def test_no_log_and_no_refusal_tells_a_key(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    wrong = home.key[:-6] + "abcdef"
    answers = []
    with caplog.at_level(logging.DEBUG):
        for key in (home.key, wrong):
            for method, path in (
                ("GET", "/api/v3/batches"),
                ("GET", "/api/v3/nothing"),
                ("POST", "/api/v3/batches/submit"),
                ("GET", f"/api/v3/batches?after={key}"),
                ("POST", "/api/v3/webhooks/engine"),
                ("GET", "/metrics"),
            ):
                for headers in ({"authorization": f"Bearer {key}"}, {"x-api-key": key}):
                    answers.append(asked(home.web, method, path, b"{", headers)[1])  # type: ignore[arg-type]
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert caplog.records
    for key in (home.key, wrong):
        secret = key.rpartition("_")[2]
        assert secret not in told
        assert not any(secret.encode() in raw for raw in answers)


def test_what_is_stored_of_a_key_is_no_key(home: Home) -> None:
    database = wiring.local_database()
    tables = [row["name"] for row in database.read("SELECT name FROM sqlite_master WHERE type = 'table'", ())]
    secret = home.key.rpartition("_")[2]
    for table in tables:
        for row in database.read(f"SELECT * FROM {table}", ()):
            assert secret not in str(tuple(row))
