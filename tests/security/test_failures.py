"""What nobody foresaw is answered with the number of an incident, and nothing of our inside."""

import re

import pytest

from shared import wiring
from tests.security.conftest import Home

INSIDE = re.compile(rb"Traceback|\.py|/tmp/|secret-inside|Error:|sqlite|site-packages|line \d+")


@pytest.mark.parametrize("port", ["ledger", "blobs"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v3/batches"),
        ("GET", "/api/v3/batches/{batch}/status"),
        ("GET", "/api/v3/batches/{batch}/export/csv"),
        ("POST", "/api/v3/batches/{batch}/control/pause"),
        ("POST", "/api/v3/batches/submit"),
    ],
)
def test_a_failure_tells_nothing_of_our_inside(
    home: Home, monkeypatch: pytest.MonkeyPatch, port: str, method: str, path: str
) -> None:
    def broken() -> None:
        raise RuntimeError("secret-inside of /tmp/x.py")

    monkeypatch.setattr(wiring, port, broken)
    status, raw, headers = home.ask(method, path.replace("{batch}", home.batch), b"{}")
    assert status == 500
    assert headers["content-type"] == "application/problem+json"
    assert re.search(rb"incident [0-9a-f]{12}", raw)
    assert not INSIDE.search(raw), raw
