"""What two batches of the same library differ in: what they were asked, and what came out. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.domain.naming import LOG
from shared.models.batch import Batch
from shared.models.facts import Outcome

ASKED = ("model", "model_version", "task_type", "seed", "target_digest", "parameters", "protein_name")
"""What determines the results of a batch, beside its library."""

OWN = frozenset({LOG, "results.json"})
"""Files that name their job, or when it ran: they differ though the results do not."""


def asked(before: Batch, now: Batch) -> Iterator[dict[str, Any]]:
    """Where the two were asked different things."""
    for name in ASKED:
        if name == "parameters":
            for key in sorted({*before.parameters, *now.parameters}):
                yield from _unlike(f"parameters.{key}", before.parameters.get(key), now.parameters.get(key))
        else:
            yield from _unlike(name, getattr(before, name), getattr(now, name))


def programs(pairs: Iterable[tuple[Outcome | None, Outcome | None]]) -> list[dict[str, Any]]:
    """Programs and weights that were of another version, each pair of versions once."""
    found = {}
    for before, now in pairs:
        if before is None or now is None:
            continue
        for name in sorted({*before.versions, *now.versions}):
            for one in _unlike(name, before.versions.get(name), now.versions.get(name)):
                found[tuple(one.values())] = one
    return list(found.values())


def results(before: Outcome | None, now: Outcome | None) -> list[dict[str, Any]]:
    """Where the results of a job are different; nothing if they are the same to the last digit and byte."""
    return [
        *_unlike("status", _status(before), _status(now)),
        *_unlike("seed", before and before.seed, now and now.seed),
        *_members("metrics", _metrics(before), _metrics(now)),
        *_members("files", _files(before), _files(now)),
    ]


def _status(outcome: Outcome | None) -> str:
    return outcome.kind.value if outcome is not None else "open"


def _metrics(outcome: Outcome | None) -> Mapping[str, Any]:
    return outcome.metrics if outcome is not None else {}


def _files(outcome: Outcome | None) -> dict[str, str]:
    """Digests of poses, structures and whatever else a run leaves that is its result."""
    files = outcome.artefacts if outcome is not None and outcome.kind == "completed" else ()
    return {file.name: file.sha256 for file in files if file.name not in OWN}


def _members(kind: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in sorted({*before, *now}):
        yield from _unlike(f"{kind}.{name}", before.get(name), now.get(name))


def _unlike(field: str, before: Any, now: Any) -> Iterator[dict[str, Any]]:
    if before != now:
        yield {"field": field, "before": before, "now": now}
