"""The rules of quotas: what is counted when, what is refused, and what comes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.quotas import claimed, confirmed, figures, released, voided
from shared.errors import QuotaExceeded
from shared.models.consumption import Claim, Consumption, Day
from shared.models.limits import Quotas

NEW_YEARS_EVE = datetime(2026, 12, 31, 18, tzinfo=UTC)
QUOTAS = Quotas(concurrent_batches=2, ligands_per_day=10, usd_per_day=5, usd_per_month=8)


def claim(
    name: str, ligands: int = 1, usd: float = 0.0, at: datetime = NEW_YEARS_EVE, hand: str = "h"
) -> Claim:
    """Of a batch."""
    return Claim(batch_id=name, hand=hand, ligands=ligands, usd=usd, at=at)


def after(*claims: Claim, used: Consumption | None = None) -> Consumption:
    """One after the other."""
    used = used or Consumption()
    for it in claims:
        used = claimed(used, it, QUOTAS, tier="default", now=it.at)
    return used


def refusal(used: Consumption, it: Claim) -> QuotaExceeded:
    """Of the next claim."""
    with pytest.raises(QuotaExceeded) as refused:
        claimed(used, it, QUOTAS, tier="default", now=it.at)
    return refused.value


def test_the_number_of_batches_is_limited_until_one_is_over() -> None:
    full = after(claim("a"), claim("b"))
    refused = refusal(full, claim("c"))
    assert refused.retry_after is None
    assert refused.told["violated-policies"] == ["concurrent_batches"]
    assert (refused.told["used"], refused.told["allowed"], refused.told["resets_at"]) == (2, 2, None)
    assert "wait for one of your batches to end" in str(refused)
    assert set(after(claim("c"), used=released(full, "a", usd=None)).open) == {"b", "c"}


def test_a_batch_that_is_over_has_still_used_up_its_ligands() -> None:
    used = released(after(claim("a", 9)), "a", usd=None)
    refused = refusal(used, claim("b", 2))
    assert (refused.told["quota"], refused.told["used"], refused.told["requested"]) == (
        "ligands_per_day",
        9,
        2,
    )
    assert refused.told["resets_at"] == "2027-01-01T00:00:00+00:00"
    assert refused.retry_after == 6 * 3600
    assert (
        after(claim("b", 2, at=NEW_YEARS_EVE + timedelta(hours=6)), used=used).days["2027-01-01"].ligands == 2
    )


def test_what_is_above_a_quota_as_a_whole_need_not_be_tried_again() -> None:
    refused = refusal(Consumption(), claim("a", 11))
    assert refused.retry_after is None
    assert "above the quota as a whole" in str(refused)


def test_money_is_limited_by_day_and_by_month() -> None:
    yesterday = NEW_YEARS_EVE - timedelta(days=1)
    used = released(after(claim("a", usd=4.5, at=yesterday)), "a", usd=None)
    used = after(claim("b", usd=3), used=used)
    refused = refusal(used, claim("c", usd=1))
    assert (refused.told["quota"], refused.told["used"]) == ("usd_per_month", 7.5)
    assert refused.told["resets_at"] == "2027-01-01T00:00:00+00:00"
    assert refusal(used, claim("c", usd=3)).told["quota"] == "usd_per_day"


def test_once_a_batch_is_over_its_cost_takes_the_place_of_its_estimate() -> None:
    used = after(claim("a", usd=4))
    assert figures(released(used, "a", usd=1.25), QUOTAS, now=NEW_YEARS_EVE)[2].used == 1.25
    assert figures(released(used, "a", usd=6.0), QUOTAS, now=NEW_YEARS_EVE)[2].used == 6.0


def test_the_same_batch_is_counted_once() -> None:
    used = after(claim("a", 6))
    assert after(claim("a", 6), used=used) == used


def test_a_submission_takes_back_only_what_it_claimed_itself() -> None:
    used = after(claim("a", 6, hand="one"))
    assert voided(used, "a", hand="other") == used
    assert voided(used, "a", hand="one").open == {}
    assert voided(used, "a", hand="one").days["2026-12-31"] == Day()


def test_what_was_opened_counts_whatever_was_claimed() -> None:
    used = confirmed(after(claim("a", 6, 1.0)), claim("a", 8, 2.0), now=NEW_YEARS_EVE)
    assert used.days["2026-12-31"] == Day(ligands=8, usd=2.0)
    assert confirmed(Consumption(), claim("b", 20), now=NEW_YEARS_EVE).open.keys() == {"b"}


def test_days_are_forgotten_after_two_months() -> None:
    used = released(after(claim("a")), "a", usd=None)
    later = after(claim("b", at=NEW_YEARS_EVE + timedelta(days=63)), used=used)
    assert list(later.days) == ["2027-03-04"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "claim", "claim", "release", "void", "confirm"]),
        st.sampled_from("abcde"),
        st.integers(0, 6),
        st.sampled_from([0.0, 0.5, 2.0]),
        st.integers(0, 30),
    ),
    max_size=30,
)


@given(steps=STEPS)
def test_a_claim_is_granted_only_within_every_quota(steps: list[tuple[str, str, int, float, int]]) -> None:
    used, now = Consumption(), NEW_YEARS_EVE
    for deed, name, ligands, usd, hours in steps:
        now += timedelta(hours=hours)
        it = claim(name, ligands, usd, at=now)
        if deed == "release":
            used = released(used, name, usd=None)
        elif deed == "void":
            used = voided(used, name, hand="h")
        elif deed == "claim":
            is_new = name not in used.open
            try:
                used = claimed(used, it, QUOTAS, tier="default", now=now)
            except QuotaExceeded:
                continue
            if is_new:
                assert all(
                    it.allowed is not None and it.used <= it.allowed for it in figures(used, QUOTAS, now=now)
                )
        assert all(day.ligands >= 0 and day.usd >= 0 for day in used.days.values())
