"""What every ``main.py`` needs around its one call: problem documents, and parking."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import uuid4

from shared import wiring
from shared.errors import FieldError, Gone, InvalidInput, OmtxError, PermanentError, TransientError

log = logging.getLogger("omtx")
PROBLEM = "application/problem+json"
Answer = tuple[str | bytes | Iterator[bytes], int, dict[str, str]]


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return json.dumps(body, default=str), status, {"Content-Type": "application/json", **(headers or {})}


def problem(status: int, title: str, detail: str, errors: tuple[FieldError, ...] = ()) -> Answer:
    """An RFC 9457 problem document; ``errors`` name the offending fields."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = [{"path": error.path, "message": error.message} for error in errors]
    headers = {"Content-Type": PROBLEM} | ({"Retry-After": "1"} if status == 503 else {})
    return json.dumps(body), status, headers


def answering(handle: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Turn what an HTTP handler raises into a problem document; a user never sees a stack trace."""

    @wraps(handle)
    def entry(request: Any) -> Any:
        try:
            return handle(request)
        except InvalidInput as error:
            return problem(error.status, error.title, str(error), error.errors)
        except (PermanentError, TransientError) as error:
            return problem(error.status, error.title, str(error))
        except Exception:  # the edge: logged whole, answered without its inside
            incident = uuid4().hex[:12]
            log.exception("unexpected error in %s, incident %s", handle.__name__, incident)
            return problem(500, "Unexpected error", f"Something failed on our side; incident {incident}.")

    return entry


@contextmanager
def parking_failures(topic: str, delivery: Any) -> Iterator[None]:
    """
    Park what retrying cannot fix; let everything else escape and be redelivered.

    A late message about a deleted batch is neither: it is done with.
    """
    try:
        yield
    except Gone as error:
        log.info("dropped a %s message: %s was deleted", topic, error.batch_id)
    except PermanentError as error:
        log.error("parked a %s message: %s", topic, error)
        data = json.dumps(delivery, default=str).encode()
        wiring.dead_letters().park(topic, data, reason=reason_of(error))


def reason_of(error: OmtxError) -> str:
    """Class and text of an error, as a dead letter keeps it."""
    return f"{type(error).__name__}: {error}"
