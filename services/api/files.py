"""Ids of lists, which name a batch or a job, and the files behind them."""

from datetime import timedelta
from typing import Any

from services.api.artefacts import MEDIA
from services.api.store import Store
from shared.domain.identity import job_place
from shared.models.batch import Batch
from shared.models.facts import Outcome
from shared.models.work import Artefact
from shared.steps.reading import page_of_outcomes, rounds_of

FOR_URLS = timedelta(hours=1)


def of_id(store: Store, given: str) -> tuple[Batch, int | None]:
    """The batch, and the position of the job where a job is meant; NotFound also if it is another's."""
    if job_place(given) is None:
        return store.batch(given), None
    return store.job(given)


def outcome_of(store: Store, batch: Batch, position: int) -> Outcome | None:
    """How a job ended; None before."""
    rounds = rounds_of(store.ledger, batch, store.ledger.intents(batch.batch_id))
    return page_of_outcomes(store.ledger, rounds, [position])[position][1]


def files_of(store: Store, batch: Batch, position: int) -> tuple[Artefact, ...]:
    """What the run that decided left; nothing before the end."""
    outcome = outcome_of(store, batch, position)
    return outcome.artefacts if outcome else ()


def file_of(file: Artefact) -> dict[str, Any]:
    """A file as lists show it."""
    kind = MEDIA.get(file.name.rpartition(".")[2], "application/octet-stream")
    return {"name": file.name, "size": file.size, "type": kind, "sha256": file.sha256}
