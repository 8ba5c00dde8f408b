"""One call of an endpoint: what is sent, and what of its answer is kept."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpcore

from services.notify.network import CheckedNetwork, Closed, Deadline, Late, Resolve, addresses_of
from shared.domain.outside import target
from shared.errors import InvalidInput

SECONDS = 10.0
MOST_BYTES = 4096
SHOWN = 200
FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
REDIRECTS = range(300, 400)


@dataclass(frozen=True)
class Answer:
    """How a call ended: with a status, or with the reason why there is none."""

    status: int | None = None
    error: str | None = None
    text: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Caller:
    """
    Calls endpoints: no redirect is followed, no proxy is used, and what the environment says is not read.

    ``loopback`` lets endpoints be on this machine, ``trust`` is whose certificates count.
    """

    loopback: bool = False
    seconds: float = SECONDS
    resolve: Resolve = addresses_of
    trust: ssl.SSLContext | None = None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post, and never raise for what an endpoint does; it is given ``seconds`` for everything."""
        begun = time.monotonic()
        try:
            status, text = self._posted(url, body, headers)
            error = f"it answered {status}, and redirects are not followed" if status in REDIRECTS else None
            answer = Answer(status, error, text)
        except InvalidInput as refused:
            answer = Answer(error=str(refused))
        except Closed as closed:
            answer = Answer(error=str(closed))
        except (Late, httpcore.TimeoutException):
            answer = Answer(error=f"no whole answer within {self.seconds:g} s")
        except FAILURES as failure:
            answer = Answer(error=_said(failure))
        return Answer(answer.status, answer.error, answer.text, round(time.monotonic() - begun, 3))

    def _posted(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        wanted = target(url, loopback=self.loopback)
        network = CheckedNetwork(wanted, self.resolve, Deadline(self.seconds), loopback=self.loopback)
        trust = self.trust or httpcore.default_ssl_context()
        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        with (
            httpcore.ConnectionPool(ssl_context=trust, network_backend=network) as pool,
            pool.stream("POST", url, headers=named, content=body) as response,
        ):
            kept = b""
            for piece in response.iter_stream():
                kept += piece
                if len(kept) >= MOST_BYTES:
                    break
            return response.status, _shown(kept)


def _shown(body: bytes) -> str:
    """The beginning of an answer, in characters that do nothing to whoever looks at them."""
    text = body[:MOST_BYTES].decode(errors="replace")
    return "".join(it if it.isprintable() else " " for it in text)[:SHOWN].strip()


def _said(failure: Exception) -> str:
    """What went wrong between here and there, without what a server put into it."""
    if isinstance(failure.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(failure):
        return "its certificate is not valid for its name"
    if isinstance(failure, httpcore.ConnectError):
        return "it could not be connected to"
    return "the connection broke, or what it answered is not HTTP"
