"""The signed webhook call by which a run says that it is over."""

import logging
import time
from collections.abc import Callable, Mapping

import httpx

from shared.domain.signature import sign
from shared.models.work import Envelope
from shared.tracing import headers_of, run_place

log = logging.getLogger("omtx.report")
TRIES = 3
MOST_SECONDS = 10.0
PAUSE = 0.25


class Reporter:
    """Posts envelopes over one keep-alive connection pool; may be used by several threads."""

    def __init__(
        self,
        *,
        key_id: str,
        secret: bytes,
        client: httpx.Client | None = None,
        unix_time: Callable[[], float] = time.time,
    ):
        self._key_id = key_id
        self._secret = secret
        self._client = client or httpx.Client()
        self._unix_time = unix_time

    def report(self, envelope: Envelope, url: str) -> bool:
        """
        Whether the webhook took the envelope, after at most three tries in ten seconds.

        Trouble with the network raises nothing: the engine still has the answer, and is asked for it.
        """
        body = envelope.model_dump_json(exclude_none=True).encode()
        trace = headers_of(run_place(envelope.trace or {}, envelope.ref.run_name))
        end = time.monotonic() + MOST_SECONDS
        for number in range(TRIES):
            if number:
                time.sleep(min(PAUSE * number, max(0.0, end - time.monotonic())))
            status = self._post(url, body, trace, seconds=end - time.monotonic())
            if status is not None and status < 500:
                break
        delivered = status is not None and 200 <= status < 300
        if not delivered:
            log.warning("the webhook did not take the answer of %s: %s", envelope.ref.job_id, status)
        return delivered

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _post(self, url: str, body: bytes, trace: Mapping[str, str], *, seconds: float) -> int | None:
        """The answer's status; None if there was none within ``seconds``."""
        if seconds <= 0:
            return None
        headers = sign(body, key_id=self._key_id, secret=self._secret, timestamp=int(self._unix_time()))
        headers |= {"Content-Type": "application/json", **trace}
        try:
            # Half for connecting, half for the answer: together no more than what is left.
            return self._client.post(url, content=body, headers=headers, timeout=seconds / 2).status_code
        except httpx.HTTPError:
            return None
