"""Verify, publish, answer: no state of its own."""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from shared.domain import signature
from shared.errors import FieldError, InvalidInput, TooLarge
from shared.events.messages import JobFinished
from shared.models.work import Envelope
from shared.ports.bus import Bus
from shared.ports.world import Clock
from shared.tracing import Lived, Tracer, place_of, run_place

MOST_BYTES = 64 * 1024


def handle(
    body: bytes,
    headers: Mapping[str, str],
    *,
    bus: Bus,
    clock: Clock,
    tracer: Tracer,
    keys: Sequence[tuple[str, bytes]],
) -> None:
    """
    Publish the signed envelope; the caller is answered only after that.

    Raises:
        TooLarge: more than 64 KiB; structures go to the object store, not here.
        NotAllowed: unsigned, forged or stale.
        InvalidInput: signed, but not an envelope.
    """
    if len(body) > MOST_BYTES:
        raise TooLarge(f"the body has more than {MOST_BYTES:,} bytes, which is all that is accepted")
    signature.verify(body, headers, keys=keys, timestamp=int(clock.now().timestamp()))
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError as error:
        found = [FieldError(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        raise InvalidInput("the body is not an envelope", found) from error
    bus.publish([JobFinished(envelope=envelope)])
    _record_run(envelope, tracer)


def _record_run(envelope: Envelope, tracer: Tracer) -> None:
    """A run sends no spans: what it could say of itself, its answer says."""
    told, ref = envelope.trace or {}, envelope.ref
    ordered, run = place_of(told), run_place(told, ref.run_name)
    if ordered is None or run is None:
        return
    about = {"batch_id": ref.batch_id, "job_id": ref.job_id, "attempt": ref.attempt, "round": ref.round}
    tracer.record(
        Lived(
            "run",
            run,
            ordered,
            began=envelope.started_at,
            ended=envelope.finished_at,
            fields=about | {"machine": envelope.machine, "call_id": envelope.call_id},
            failed=envelope.failure.kind.value if envelope.failure else None,
        )
    )
