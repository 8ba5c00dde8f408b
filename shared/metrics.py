"""
Figures of this process: counters, gauges and histograms, kept in memory and read by whoever shows them.

A figure has few labels with few values: never an id. Should one get out of hand all the same, what is
beyond ``MOST_SERIES`` is counted together under ``other``.
"""

import bisect
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

MOST_SERIES = 500
OTHER = "other"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

Labels = tuple[str, ...]


@dataclass
class Metric:
    """``name`` is that of Prometheus, without what its kind adds; ``labels`` are names, in order."""

    name: str
    about: str
    labels: Sequence[str] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)


@dataclass
class Counter(Metric):
    """Only grows."""

    _values: dict[Labels, float] = field(default_factory=dict, init=False, repr=False)

    def add(self, *labels: str, amount: float = 1.0) -> None:
        """Count ``amount`` more of what has these labels."""
        with self._lock:
            key = _bounded(labels, self._values, len(self.labels))
            self._values[key] = self._values.get(key, 0.0) + amount

    def values(self) -> Mapping[Labels, float]:
        """All series, as they stand."""
        with self._lock:
            return dict(self._values)

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._values.clear()


@dataclass
class Gauge(Counter):
    """Goes up and down."""

    def set(self, value: float, *labels: str) -> None:
        """What it is now."""
        with self._lock:
            self._values[_bounded(labels, self._values, len(self.labels))] = value


@dataclass
class Spread:
    """Observations of one series: how many, their sum, and how many lie in each bucket."""

    bounds: Sequence[float]
    buckets: list[int]
    count: int = 0
    sum: float = 0.0
    most: float = 0.0

    def copy(self) -> "Spread":
        """As it stands."""
        return Spread(self.bounds, list(self.buckets), self.count, self.sum, self.most)

    def __add__(self, other: "Spread") -> "Spread":
        buckets = [a + b for a, b in zip(self.buckets, other.buckets, strict=True)]
        most = max(self.most, other.most)
        return Spread(self.bounds, buckets, self.count + other.count, self.sum + other.sum, most)

    @property
    def mean(self) -> float | None:
        """None if nothing was observed."""
        return self.sum / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """
        What so great a share of the observations does not exceed, as far as buckets can tell.

        Within a bucket observations are taken to lie evenly; none lies above the greatest one seen.
        """
        if not self.count:
            return None
        wanted, below = share * self.count, 0
        for number, inside in enumerate(self.buckets):
            if inside and below + inside >= wanted:
                low = self.bounds[number - 1] if number else 0.0
                high = min(self.bounds[number], self.most) if number < len(self.bounds) else self.most
                return low + max(high - low, 0.0) * (wanted - below) / inside
            below += inside
        return self.most

    def above(self, bound: float) -> int:
        """How many exceed a bound that is one of the buckets'."""
        return sum(self.buckets[bisect.bisect_left(self.bounds, bound) + 1 :])


@dataclass
class Histogram(Metric):
    """Times in seconds, unless ``bounds`` are of something else."""

    bounds: Sequence[float] = SECONDS
    _spreads: dict[Labels, Spread] = field(default_factory=dict, init=False, repr=False)

    def observe(self, value: float, *labels: str) -> None:
        """Add one observation."""
        with self._lock:
            key = _bounded(labels, self._spreads, len(self.labels))
            spread = self._spreads.get(key)
            if spread is None:
                spread = self._spreads[key] = Spread(self.bounds, [0] * (len(self.bounds) + 1))
            spread.buckets[bisect.bisect_left(self.bounds, value)] += 1
            spread.count += 1
            spread.sum += value
            spread.most = max(spread.most, value)

    def spreads(self) -> Mapping[Labels, Spread]:
        """All series, as they stand."""
        with self._lock:
            return {labels: spread.copy() for labels, spread in self._spreads.items()}

    def together(self, **only: str) -> Spread:
        """All observations with these values of these labels, as one series."""
        wanted = [(self.labels.index(name), value) for name, value in only.items()]
        found = Spread(self.bounds, [0] * (len(self.bounds) + 1))
        for labels, spread in self.spreads().items():
            if all(labels[place] == value for place, value in wanted):
                found = found + spread
        return found

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._spreads.clear()


M = TypeVar("M", Counter, Gauge, Histogram)


class Registry:
    """The figures that are shown, by name; each is made once, when the module that feeds it is loaded."""

    def __init__(self) -> None:
        self._metrics: dict[str, Counter | Gauge | Histogram] = {}

    def counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
        """A new counter; ValueError if the name is taken."""
        return self._take(Counter(name, about, labels))

    def gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        """A new gauge; ValueError if the name is taken."""
        return self._take(Gauge(name, about, labels))

    def histogram(
        self, name: str, about: str, labels: Sequence[str] = (), bounds: Sequence[float] = SECONDS
    ) -> Histogram:
        """A new histogram; ValueError if the name is taken."""
        return self._take(Histogram(name, about, labels, bounds))

    def __iter__(self) -> Iterator[Counter | Gauge | Histogram]:
        return iter(list(self._metrics.values()))

    def clear(self) -> None:
        """Begin anew, all of them; between tests."""
        for metric in self:
            metric.clear()

    def _take(self, metric: M) -> M:
        if metric.name in self._metrics:
            raise ValueError(f"there is a metric {metric.name} already")
        self._metrics[metric.name] = metric
        return metric


REGISTRY = Registry()


def _bounded(labels: Labels, known: Mapping[Labels, object], width: int) -> Labels:
    if len(labels) != width:
        raise ValueError(f"{len(labels)} labels, not {width}")
    return labels if labels in known or len(known) < MOST_SERIES else (OTHER,) * width
