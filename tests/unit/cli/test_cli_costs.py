"""How time and money read."""

from typing import Any

import pytest

from cli.costs import money, span, spent


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "not known"),
        (0.0, "0.00 USD"),
        (3.184, "3.18 USD"),
        (0.01, "0.01 USD"),
        (0.00023, "0.00023 USD"),
    ],
)
def test_money_is_shown_to_the_cent_and_smaller_amounts_with_what_there_is(
    usd: float | None, text: str
) -> None:
    assert money(usd) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.01, "0.01 s"), (12.4, "12 s"), (59.4, "59 s"), (75, "1 min"), (7500, "2 h 05 min")],
)
def test_a_span_is_shown_in_the_unit_it_is_thought_of(seconds: float, text: str) -> None:
    assert span(seconds) == text


def cost(**changes: Any) -> dict[str, Any]:
    """What a batch at a provider cost."""
    told = {"provider": "modal", "usd": 3.2, "usd_reason": None, "gpu": "A100-40GB", "gpu_seconds": 4500.0}
    told |= {"run_seconds": 4500.0, "estimated_usd": 3.0, "max_cost_usd": None}
    return told | changes


def test_a_batch_s_cost_is_one_line() -> None:
    line = "cost: 3.20 USD for 1 h 15 min of A100-40GB at modal; expected 3.00 USD"
    assert spent(cost()) == line
    assert spent(cost(max_cost_usd=5.0)) == f"{line}, limit 5.00 USD"


def test_a_cost_that_is_not_known_or_is_nobody_s_says_why() -> None:
    unknown = cost(usd=None, usd_reason="no price is known for node-7")
    own = cost(provider="this machine", usd=0.0, usd_reason="runs here cost nothing", run_seconds=None)
    assert spent(unknown) == "cost: not known (no price is known for node-7)"
    assert spent(own) == "cost: 0.00 USD (runs here cost nothing)"
