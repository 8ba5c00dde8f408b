"""Whether a batch is still within its owner's quotas. Pure; days and months are those of UTC."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from shared.domain.allowances import EXCEEDED
from shared.errors import QuotaExceeded
from shared.models.consumption import Claim, Consumption, Day
from shared.models.limits import Quotas

KEPT = timedelta(days=62)
"""Longer than any month, with the one before it."""

MOST_OPEN = 1000
"""Of an owner whose batches are not limited in number: a record is not to grow without end."""

CENT = 1e-9
"""USD. Sums of many small amounts do not come out even."""


@dataclass(frozen=True)
class Figure:
    """One quota: ``resets_at`` is None where time alone does not help."""

    name: str
    used: float
    allowed: float | None
    resets_at: datetime | None

    def told(self) -> dict[str, JsonValue]:
        """As JSON."""
        at = self.resets_at.isoformat() if self.resets_at else None
        return {"quota": self.name, "used": self.used, "allowed": self.allowed, "resets_at": at}


def figures(used: Consumption, quotas: Quotas, *, now: datetime) -> list[Figure]:
    """All quotas as they stand."""
    now = now.astimezone(UTC)
    today = used.days.get(_date(now), Day())
    month = [day.usd for date, day in used.days.items() if date.startswith(f"{now:%Y-%m}-")]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    next_month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return [
        Figure("concurrent_batches", len(used.open), quotas.concurrent_batches, None),
        Figure("ligands_per_day", today.ligands, quotas.ligands_per_day, tomorrow),
        Figure("usd_per_day", _usd(today.usd), quotas.usd_per_day, tomorrow),
        Figure("usd_per_month", _usd(sum(month)), quotas.usd_per_month, next_month),
    ]


def claimed(used: Consumption, claim: Claim, quotas: Quotas, *, tier: str, now: datetime) -> Consumption:
    """
    With the claim in it; unchanged if it is in it already.

    Raises:
        QuotaExceeded: it is more than what is left.
    """
    if claim.batch_id in used.open:
        return used
    for figure, asked in _asked(figures(used, quotas, now=now), claim):
        most = MOST_OPEN if figure.allowed is None and figure.name == "concurrent_batches" else figure.allowed
        if most is not None and figure.used + asked > most + CENT:
            raise _exceeded(figure, asked, most, tier=tier, now=now)
    return _with(used, claim, now=now)


def confirmed(used: Consumption, claim: Claim, *, now: datetime) -> Consumption:
    """With this claim, whatever was claimed for the batch before: it is open now, and that is a fact."""
    before = used.open.get(claim.batch_id)
    if before is not None and (before.ligands, before.usd) == (claim.ligands, claim.usd):
        return used
    return _with(_ended(used, claim.batch_id, _nothing_of), claim, now=now)


def voided(used: Consumption, batch_id: str, *, hand: str) -> Consumption:
    """Without the claim that this hand made for a batch that did not come to be."""
    claim = used.open.get(batch_id)
    return used if claim is None or claim.hand != hand else _ended(used, batch_id, _nothing_of)


def released(used: Consumption, batch_id: str, *, usd: float | None) -> Consumption:
    """Without the claim of a batch that is over; ``usd``: what it has cost, None to leave the estimate."""
    return _ended(used, batch_id, lambda claim: (0, 0.0 if usd is None else usd - claim.usd))


def _nothing_of(claim: Claim) -> tuple[int, float]:
    return -claim.ligands, -claim.usd


def _ended(used: Consumption, batch_id: str, change: Callable[[Claim], tuple[int, float]]) -> Consumption:
    claim = used.open.get(batch_id)
    if claim is None:
        return used
    ligands, usd = change(claim)
    days = _added(used, _date(claim.at), ligands, usd)
    return Consumption(open={key: it for key, it in used.open.items() if key != batch_id}, days=days)


def _with(used: Consumption, claim: Claim, *, now: datetime) -> Consumption:
    days = _added(used, _date(claim.at), claim.ligands, claim.usd)
    oldest = _date(now - KEPT)
    kept = {date: day for date, day in days.items() if date >= oldest}
    return Consumption(open={**used.open, claim.batch_id: claim}, days=kept)


def _added(used: Consumption, date: str, ligands: int, usd: float) -> dict[str, Day]:
    day = used.days.get(date, Day())
    changed = Day(ligands=max(0, day.ligands + ligands), usd=max(0.0, day.usd + usd))
    return {**used.days, date: changed}


def _asked(found: Sequence[Figure], claim: Claim) -> Iterator[tuple[Figure, float]]:
    asked = (1, claim.ligands, claim.usd, claim.usd)
    return zip(found, asked, strict=True)


def _exceeded(figure: Figure, asked: float, most: float, *, tier: str, now: datetime) -> QuotaExceeded:
    fits = asked <= most + CENT
    wait = math.ceil((figure.resets_at - now).total_seconds()) if fits and figure.resets_at else None
    of = f"{figure.used:g} of {most:g} are used, and this needs {asked:g} more"
    if not fits:
        then = "which is above the quota as a whole"
    elif figure.resets_at is None:
        then = "wait for one of your batches to end"
    else:
        then = f"it is counted anew at {figure.resets_at:%Y-%m-%d %H:%M} UTC"
    told: dict[str, JsonValue] = {
        "type": EXCEEDED,
        "violated-policies": [figure.name],
        **figure.told(),
        "allowed": most,
        "requested": asked,
        "tier": tier,
    }
    return QuotaExceeded(f"quota {figure.name}: {of}; {then}", retry_after=wait, told=told)


def _usd(value: float) -> float:
    return round(value, 6)


def _date(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
