"""A batch computed once more: with the same inputs, parameters and seeds, and no result taken over."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.submit.beginning import begun, ticket_of
from services.submit.costing import Offer
from services.submit.desk import Desk
from services.submit.storing import Ticket, discard, reserved
from shared import tracing
from shared.catalogue.entry import ModelEntry, entry
from shared.domain import identity
from shared.errors import IllegalMove, InvalidInput, NotFound
from shared.models.batch import Batch, RowKind
from shared.ports.blobs import Blobs, Stat
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest, chunk_keys, library_digest


def replay(batch_id: str, desk: Desk) -> dict[str, Any]:
    """
    Open a batch that repeats another one; the answer of a submission, and what differs from the start.

    Raises:
        NotFound: no such batch, or another's.
        IllegalMove: it was imported, its inputs are not what they were, or nothing here can compute them.
        QuotaExceeded: it is more than the owner may have computed.
    """
    source = desk.ledger.batch(batch_id)
    if source.owner != desk.owner:
        raise NotFound(f"no batch {batch_id}")
    model = _model(source, desk.alignments, desk.clock.now())
    ticket = ticket_of(desk, identity.digest(["replay", batch_id]))
    answer = begun(
        ticket, lambda: _copied(source, model, ticket, desk), model, _kind(source, desk.manifest), desk
    )
    opened = desk.ledger.batch(answer["batch_id"])
    changes = list(_changes(source, opened))
    return {**answer, "replay_of": batch_id, "changes": changes}


def _model(source: Batch, alignments: Alignments, now: datetime) -> ModelEntry:
    """The model, if it can still be asked what it was asked."""
    if source.imported or source.seed is None:
        raise IllegalMove(f"batch {source.batch_id} was computed by an older system; its seed is not known")
    try:
        model = entry(source.model)
        model.parameter_class().model_validate(dict(source.parameters))
    except InvalidInput as error:
        raise IllegalMove(f"batch {source.batch_id} cannot be computed here: {error}") from error
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise IllegalMove(
            f"{model.name} {model.version} does not take the parameter {where} of the batch"
        ) from error
    missing = alignments.look(source, now=now).missing
    if missing and alignments.source != source.alignment_source:
        raise IllegalMove("the alignments of the batch are gone, and would be searched elsewhere now")
    return model


def _kind(source: Batch, manifest: Manifest) -> RowKind:
    return manifest.row(source, 0).kind


def _changes(source: Batch, opened: Batch) -> Iterator[dict[str, Any]]:
    """What is known from the start to differ."""
    if source.model_version != opened.model_version:
        yield {"field": "model_version", "before": source.model_version, "now": opened.model_version}


def _copied(source: Batch, model: ModelEntry, ticket: Ticket, desk: Desk) -> Batch:
    """The batch, not yet opened, with copies of all that it is computed from."""
    offer = Offer.of(model, source.configuration, desk.means, tokens=source.tokens)
    estimate = reserved(offer, source.counts.jobs, ticket, desk.quota)
    blobs = desk.blobs
    chunks = [_copy(key, source, ticket, blobs) for key in chunk_keys(source)]
    inputs = {}
    for name, item in source.inputs.items():
        stat = _copy(item.key, source, ticket, blobs)
        inputs[name] = item.model_copy(update={"key": stat.key, "size": stat.size, "sha256": stat.sha256})
    if library_digest(chunks) != source.library_digest or any(
        inputs[name].sha256 != item.sha256 for name, item in source.inputs.items()
    ):
        discard(blobs, ticket.store)
        raise IllegalMove(f"what batch {source.batch_id} was computed from is not what it was")
    return source.model_copy(
        update={
            "batch_id": ticket.batch_id,
            "model_version": model.version,
            "inputs": inputs,
            "tariff": offer.tariff,
            "estimate": estimate,
            "fingerprint": ticket.fingerprint,
            "store": ticket.store,
            "idempotency_key": ticket.idempotency_key,
            "use_cache": False,
            "replay_of": source.batch_id,
            "hook": None,
            "trace": tracing.headers_of(tracing.current()).get(tracing.PARENT),
            "created_at": desk.clock.now(),
        }
    )


def _copy(key: str, source: Batch, ticket: Ticket, blobs: Blobs) -> Stat:
    """A copy of an object of the source, at the same place within the new batch."""
    try:
        return blobs.put(f"{ticket.store}/{key.removeprefix(f'{source.store}/')}", blobs.get(key))
    except NotFound as error:
        discard(blobs, ticket.store)
        raise IllegalMove(f"what batch {source.batch_id} was computed from is not there any more") from error
