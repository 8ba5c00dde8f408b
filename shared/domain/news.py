"""What is told to whom when something happens to a batch: pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.domain.identity import digest, job_id
from shared.domain.lifecycle import Accounting
from shared.models.batch import Batch, BatchStatus
from shared.models.facts import Milestone
from shared.models.hooks import Delivery, Endpoint, Told

VERSION = "v1"
PING = f"test.ping.{VERSION}"
ENDS = {
    BatchStatus.COMPLETED: (Told.BATCH_COMPLETED, Told.JOB_COMPLETED),
    BatchStatus.FAILED: (Told.BATCH_FAILED, Told.JOB_FAILED),
    BatchStatus.CANCELLED: (Told.BATCH_CANCELLED, None),
}


@dataclass(frozen=True)
class News:
    """Something that happened at ``at``; ``key`` names it among all that happens to its batch."""

    told: Told
    batch_id: str
    round: int
    key: str
    at: datetime
    data: Mapping[str, Any]
    threshold: int | None = None


def news_of_end(
    batch: Batch, round: int, status: BatchStatus, accounting: Accounting, at: datetime
) -> Iterator[News]:
    """That a round ended, and where the batch is a single job, that the job did."""
    of_batch, of_job = ENDS[status]
    data = _about(batch) | {
        "status": status.value,
        "round": round,
        "accounting": accounting.model_dump(),
        "accounting_sentence": accounting.sentence(),
    }
    yield News(of_batch, batch.batch_id, round, "end", at, data)
    if of_job is not None and batch.counts.submitted == 1:
        job = job_id(batch.batch_id, 0)
        told = {"job_id": job, "batch_id": batch.batch_id, "status": status.value, "round": round}
        links = {"job": f"/api/jobs/{job}"}
        yield News(of_job, batch.batch_id, round, "job", at, told | {"links": links})


def news_of_milestones(batch: Batch, reached: Iterable[Milestone]) -> Iterator[News]:
    """Milestones; a batch of one job has none that its end does not tell."""
    if batch.counts.jobs == 1:
        return
    for it in reached:
        data = _about(batch) | {"threshold": it.threshold, "submitted": batch.counts.submitted}
        key = f"milestone {it.threshold}"
        yield News(Told.BATCH_MILESTONE, batch.batch_id, 0, key, it.reached_at, data, it.threshold)


def _about(batch: Batch) -> dict[str, Any]:
    root = f"/api/v3/batches/{batch.batch_id}"
    links = {"status": f"{root}/status", "results": f"{root}/results"}
    return {
        "batch_id": batch.batch_id,
        "batch_name": batch.name,
        "model": batch.model,
        "test_model": batch.test_model,
        "links": links,
    }


def tells_of_an_end(delivery: Delivery) -> bool:
    """Whether it may not be told before the round is finished."""
    return delivery.type not in (PING, f"{Told.BATCH_MILESTONE.value}.{VERSION}")


def wants(endpoint: Endpoint, news: News) -> bool:
    """Whether the endpoint is to be told."""
    if not endpoint.enabled or news.told not in endpoint.events or news.at < endpoint.since:
        return False
    return news.threshold is None or news.threshold in endpoint.milestones


def delivery_of(
    endpoint: Endpoint, news: News, *, base_url: str, now: datetime, quiet: timedelta
) -> Delivery:
    """
    What is to be brought: the same for whoever makes it, but for the time.

    Its message goes out at once; if that is lost, ``reconcile`` looks after ``quiet``.
    """
    links = {name: base_url + path for name, path in news.data["links"].items()}
    kind = f"{news.told.value}.{VERSION}"
    return Delivery(
        id=f"msg_{digest(['notice', endpoint.id, news.batch_id, news.round, news.key])[:24]}",
        endpoint_id=endpoint.id,
        owner=endpoint.owner,
        type=kind,
        batch_id=news.batch_id,
        round=news.round,
        body=_body(kind, news.at, {**news.data, "links": links}),
        created_at=now,
        next_at=now,
        due_at=now + quiet,
    )


def ping(endpoint: Endpoint, *, chance: str, now: datetime, quiet: timedelta) -> Delivery:
    """A message that says nothing, to see whether one arrives."""
    data = {"webhook_id": endpoint.id, "message": "This is a test."}
    return Delivery(
        id=f"msg_{digest(['ping', endpoint.id, chance])[:24]}",
        endpoint_id=endpoint.id,
        owner=endpoint.owner,
        type=PING,
        body=_body(PING, now, data),
        created_at=now,
        next_at=now,
        due_at=now + quiet,
    )


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    content = {"type": kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
