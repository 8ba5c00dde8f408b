"""The webhook call, taken by the real webhook function."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from local.mount import SERVICES, load
from modal_gpu import report
from modal_gpu.report import Reporter
from shared import wiring
from shared.events.messages import JobFinished
from shared.models.work import Envelope, JobRef

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOW = datetime.now(UTC)
URL = "http://runner.test/api/v3/webhooks/engine"
ENVELOPE = Envelope(
    ref=JobRef(batch_id="batch_1", job_id="job_1", position=0),
    call_id="call_1",
    status="succeeded",
    metrics={"affinity": -7.25},
    started_at=NOW,
    finished_at=NOW,
)


class Webhook:
    """The function, behind a network that answers 503 for the first ``failing`` calls."""

    def __init__(self, *, failing: int = 0) -> None:
        self.failing = failing
        self.calls = 0
        self._app: WSGIApplication = load(SERVICES / "webhook" / "main.py", "webhook")
        self.client = httpx.Client(transport=httpx.WSGITransport(app=self._serve))

    def _serve(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self.calls += 1
        if self.calls <= self.failing:
            start_response("503 Service Unavailable", [])
            return []
        return self._app(environ, start_response)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OMTX_HOME", str(tmp_path))
    monkeypatch.setattr("modal_gpu.report.PAUSE", 0.0)
    wiring.reset()
    yield
    wiring.reset()


def reporter(webhook: Webhook, *, secret: bytes | None = None, skew: float = 0.0) -> Reporter:
    key = wiring.secrets().keys("webhook")[0]
    return Reporter(
        key_id=key.id,
        secret=secret or key.secret,
        client=webhook.client,
        unix_time=lambda: time.time() + skew,
    )


def published() -> list[Envelope]:
    leased = wiring.local_bus().lease("complete-job-finished", limit=9, visibility=timedelta(seconds=9))
    return [JobFinished.model_validate_json(delivery.data).envelope for delivery in leased]


def test_a_signed_envelope_is_taken_and_published_unchanged() -> None:
    assert reporter(Webhook()).report(ENVELOPE, URL)
    assert published() == [ENVELOPE]


def test_a_webhook_that_recovers_is_reached_on_a_later_try() -> None:
    webhook = Webhook(failing=2)
    assert reporter(webhook).report(ENVELOPE, URL)
    assert (webhook.calls, published()) == (3, [ENVELOPE])


def test_three_tries_are_all() -> None:
    webhook = Webhook(failing=9)
    assert not reporter(webhook).report(ENVELOPE, URL)
    assert (webhook.calls, published()) == (3, [])


def test_a_slow_webhook_is_not_tried_beyond_the_time_that_it_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "MOST_SECONDS", 0.3)
    asked = list[float]()

    def slow(request: httpx.Request) -> httpx.Response:
        asked.append(time.monotonic())
        time.sleep(0.2)
        return httpx.Response(503)

    begun = time.monotonic()
    client = httpx.Client(transport=httpx.MockTransport(slow))
    assert not Reporter(key_id="k", secret=b"s", client=client).report(ENVELOPE, URL)
    assert len(asked) < 3
    assert time.monotonic() - begun < 0.3 + 0.2 + 0.2  # the last try may have begun just in time


@pytest.mark.parametrize(("secret", "skew"), [(b"another", 0.0), (None, -400.0), (None, 400.0)])
def test_a_refused_signature_is_not_repeated(secret: bytes | None, skew: float) -> None:
    webhook = Webhook()
    assert not reporter(webhook, secret=secret, skew=skew).report(ENVELOPE, URL)
    assert (webhook.calls, published()) == (1, [])


def test_trouble_with_the_network_raises_nothing() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client = httpx.Client(transport=httpx.MockTransport(broken))
    assert not Reporter(key_id="k", secret=b"s", client=client).report(ENVELOPE, URL)
