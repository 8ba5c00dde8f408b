"""What a batch has cost, and what is told of it: by its counters while it runs, run by run after. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.models.costs import PROCESSORS, Estimate, Spent, Tariff, Usage
from shared.models.work import Origin

SAVED = ("cached_jobs", "saved_seconds", "saved_usd")


@dataclass
class Bill:
    """What the runs of a batch used, run by run, in constant memory."""

    seconds: dict[str | None, float] = field(default_factory=dict)
    counted_usd: float = 0.0
    unreported: int = 0
    machines: set[str] = field(default_factory=set)
    cached_jobs: int = 0
    saved_seconds: float = 0.0
    saved_usd: float | None = None

    def add(self, runs: Iterable[Usage]) -> None:
        """Take the runs of one ligand."""
        for run in runs:
            self.counted_usd += run.counted_usd
            if run.seconds is None or run.machine is None:
                self.unreported += 1
                continue
            self.seconds[run.gpu] = self.seconds.get(run.gpu, 0.0) + run.seconds
            if run.gpu is None and len(self.machines) < 5:
                self.machines.add(run.machine)

    def add_saved(self, origin: Origin) -> None:
        """Take what was not computed again: what that had taken where it was."""
        self.cached_jobs += 1
        self.saved_seconds += origin.seconds or 0.0
        if origin.usd is not None:
            self.saved_usd = (self.saved_usd or 0.0) + origin.usd

    def saved(self) -> dict[str, Any]:
        """As the document of a cost tells it."""
        return {name: getattr(self, name) for name in SAVED}

    def usd(self, tariff: Tariff) -> float | None:
        """What the reported runs cost; None if one of them was on a GPU without a price."""
        if None in self.seconds:
            return None
        return sum(seconds * tariff.rates[gpu or ""] for gpu, seconds in self.seconds.items())

    def by_gpu(self, tariff: Tariff) -> list[dict[str, Any]]:
        """Seconds, rate and USD of each kind; without a name and a price where none is known."""
        found = []
        for gpu, seconds in sorted(self.seconds.items(), key=lambda item: item[0] or ""):
            rate = tariff.rates.get(gpu or "")
            usd = None if rate is None else seconds * rate
            found.append({"gpu": gpu, "seconds": seconds, "rate_usd_per_second": rate, "usd": usd})
        return found


@dataclass(frozen=True)
class Account:
    """
    Whose money: the tariff and the estimate of a batch, its limit, and how long it has taken so far.

    ``limit_reached``: what ended the batch, if its limit did.
    """

    tariff: Tariff | None
    estimate: Estimate | None
    max_cost_usd: float | None
    actual_seconds: float
    limit_reached: str | None = None

    def told(self, **used: Any) -> dict[str, Any]:
        """The document of a cost; what is not said is null."""
        tariff, expected = self.tariff, self.estimate
        return {
            "provider": tariff.provider if tariff else None,
            "currency": tariff.currency if tariff else None,
            "price_as_of": tariff.as_of.isoformat() if tariff and tariff.as_of else None,
            "gpu": None,
            "gpu_seconds": None,
            "run_seconds": None,
            "rate_usd_per_second": None,
            "usd": None,
            "usd_reason": None,
            "by_gpu": [],
            "unreported_runs": 0,
            "counted_usd": None,
            "max_cost_usd": self.max_cost_usd,
            "limit_reached": self.limit_reached,
            "estimated_usd": expected.usd if expected else None,
            "estimated_seconds": expected.seconds if expected else None,
            "actual_seconds": self.actual_seconds,
            **dict.fromkeys(SAVED),
            **used,
        }

    def without_bill(self, **saved: Any) -> dict[str, Any] | None:
        """Of a batch without a price, or whose runs have none; None of any other."""
        if self.tariff is None:
            return self.told(usd_reason="no price was recorded for this batch", **saved)
        if self.tariff.free:
            reason = "runs on a machine of one's own cost no provider's money"
            return self.told(usd=0.0, usd_reason=reason, **saved)
        return None

    def so_far(self, spent: Spent) -> dict[str, Any]:
        """While the batch runs: the sums of its counters, each lost run at its guess."""
        if (found := self.without_bill()) is not None:
            return found
        assert self.tariff is not None, "what has no tariff has no bill"
        used = _usual(self.tariff) | _seconds(self.tariff, spent.seconds)
        return self.told(**used, usd=spent.usd, counted_usd=spent.usd)

    def final(self, bill: Bill) -> dict[str, Any]:
        """When all is settled: run by run."""
        if (found := self.without_bill(**bill.saved())) is not None:
            return found
        assert self.tariff is not None, "what has no tariff has no bill"
        usd, gpus = bill.usd(self.tariff), bill.by_gpu(self.tariff)
        names = ", ".join(sorted(bill.machines))
        one = gpus[0] if len(gpus) == 1 else _usual(self.tariff) if not gpus else {}
        return self.told(
            gpu=_named(one.get("gpu")),
            rate_usd_per_second=one.get("rate_usd_per_second"),
            **_seconds(self.tariff, sum(bill.seconds.values())),
            usd=usd,
            usd_reason=None if usd is not None else f"no price is known for {names}",
            by_gpu=gpus,
            unreported_runs=bill.unreported,
            counted_usd=bill.counted_usd,
            **bill.saved(),
        )


def _usual(tariff: Tariff) -> dict[str, Any]:
    return {"gpu": _named(tariff.choices[0]), "rate_usd_per_second": tariff.rate}


def _named(gpu: str | None) -> str | None:
    """Processors are no GPU."""
    return None if gpu == PROCESSORS else gpu


def _seconds(tariff: Tariff, seconds: float) -> dict[str, float | None]:
    return {"gpu_seconds": None if PROCESSORS in tariff.rates else seconds, "run_seconds": seconds}
