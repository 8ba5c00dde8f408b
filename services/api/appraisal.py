"""What the figures mean: where it is tight, and one number for how well it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """From ``tight`` on something is a bottleneck, at ``worst`` it cannot get worse; both in ``unit``."""

    tight: float
    worst: float
    unit: str
    what: str
    advice: str


LIMITS: Mapping[str, Limit] = {
    "cpu": Limit(
        85, 100, "%", "processors are busy", "run fewer workers than cores, or take a larger machine"
    ),
    "memory": Limit(85, 100, "%", "memory is taken", "run fewer workers, or take a larger machine"),
    "disk": Limit(90, 100, "%", "the disk is full", "delete old batches, or move the home to a larger disk"),
    "errors": Limit(10, 100, "%", "requests fail on our side", "look for the incidents in the log"),
    "p95": Limit(5000, 20_000, "ms", "requests are slow", "see which of api-endpoints is slow"),
    "failures": Limit(15, 100, "%", "jobs fail", "see the failure classes of the batches, and their logs"),
}
BASE, MORE = 15.0, 10.0
CRITICAL = 0.5


@dataclass(frozen=True)
class Bottleneck:
    """``excess``: 0 where it begins to be tight, 1 where it cannot get worse."""

    kind: str
    value: float
    excess: float

    @property
    def severity(self) -> str:
        """``critical`` from half way to the worst."""
        return "critical" if self.excess >= CRITICAL else "warning"

    @property
    def sentence(self) -> str:
        """What is seen, and from where it counts."""
        limit = LIMITS[self.kind]
        return f"{limit.what}: {self.value:.1f} {limit.unit}, tight from {limit.tight:g} {limit.unit} on"


def bottlenecks(seen: Mapping[str, float | None]) -> list[Bottleneck]:
    """What is tight, by the names of ``LIMITS``, worst first; what is not known is not judged."""
    found = []
    for kind, value in seen.items():
        limit = LIMITS[kind]
        if value is not None and value >= limit.tight:
            excess = min((value - limit.tight) / (limit.worst - limit.tight), 1.0)
            found.append(Bottleneck(kind, value, excess))
    return sorted(found, key=lambda it: -it.excess)


def score(found: Sequence[Bottleneck]) -> float:
    """100, less 15 to 25 for each bottleneck as it is beginning or complete; never below 0."""
    return round(max(0.0, 100 - sum(BASE + MORE * it.excess for it in found)), 1)
