"""Whether what is in the source is in this home and says the same: nothing is written."""

import hashlib
from collections.abc import Iterable, Iterator

from migration.composing import Importer, batch_id, compose_outcome, fingerprint, results_document
from migration.deciding import Job, Plan
from migration.importing import Home
from shared.catalogue.entry import entry_of
from shared.domain.identity import job_id
from shared.errors import Gone, NotFound
from shared.models.batch import Batch
from shared.models.facts import Outcome, OutcomeKind
from shared.steps.manifest import Manifest

ROUND = 0
PAGE = 1000


def check_batch(plan: Plan, home: Home, importer: Importer) -> Iterator[tuple[Job | None, str]]:
    """What does not agree, one sentence each, with the job it is about; None for the whole batch."""
    id = batch_id(importer.owner, plan.group.id)
    try:
        batch = home.ledger.batch(id)
    except Gone:
        yield None, f"was imported as {id} and deleted since"
        return
    except NotFound:
        yield None, f"is not in this home: there is no {id}"
        return
    closing = home.ledger.closing(id, ROUND)
    if closing is None or closing.finished_at is None:
        yield None, f"{id} is there, but its import is not finished"
        return
    if batch.fingerprint != fingerprint(plan):
        yield None, f"{id} was imported from other documents than these"
        return
    library = Manifest(home.blobs)
    try:
        if [row.model_dump() for row in library.library(batch)] != [
            job.row.model_dump() for job in plan.jobs
        ]:
            yield None, f"the stored library of {id} is not that of the source"
    except (NotFound, ValueError, OSError, EOFError) as error:
        yield None, f"the stored library of {id} cannot be read: {error}"
    yield from _jobs(batch, plan, home)


def _jobs(batch: Batch, plan: Plan, home: Home) -> Iterator[tuple[Job, str]]:
    outcomes = {outcome.ref.job_id: outcome for outcome in _outcomes(batch, home)}
    for position, job in enumerate(plan.valid):
        outcome = outcomes.get(job_id(batch.batch_id, position))
        if outcome is None:
            yield job, "has no outcome here"
        else:
            yield from ((job, said) for said in _differences(batch, job, outcome, home))


def _outcomes(batch: Batch, home: Home) -> Iterator[Outcome]:
    after = -1
    while page := home.ledger.outcomes(batch.batch_id, ROUND, after=after, limit=PAGE):
        yield from page
        after = page[-1].ref.position


def _differences(batch: Batch, job: Job, outcome: Outcome, home: Home) -> Iterator[str]:
    expected = compose_outcome(batch, job, ())
    for name in ("kind", "failure", "metrics", "started_at", "finished_at", "call_id"):
        here, there = getattr(outcome, name), getattr(expected, name)
        if here != there:
            yield f"{name} is {here!s:.100} here and {there!s:.100} in the source"
    digests = dict(_digests(batch, job))
    files = {file.name: file for file in outcome.artefacts}
    for name in sorted(files.keys() ^ digests.keys()):
        yield f"{name} is {'not in the source' if name in files else 'missing here'}"
    for name in sorted(files.keys() & digests.keys()):
        if files[name].sha256 != digests[name]:
            yield f"{name} is not what the source holds"
        yield from _stored(files[name].key, digests[name], home)


def _stored(key: str, digest: str, home: Home) -> Iterator[str]:
    try:
        if home.blobs.stat(key).sha256 != digest:
            yield f"{key} was altered"
    except NotFound:
        yield f"{key} is missing"


def _digests(batch: Batch, job: Job) -> Iterator[tuple[str, str]]:
    """Name and SHA-256 of every file that the job has to have."""
    if job.ended.kind is not OutcomeKind.COMPLETED:
        return
    yield "results.json", _sha256([results_document(batch, job, entry_of(batch))])
    for file in job.evidence.files:
        yield file.name, _sha256(file.read())


def _sha256(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
