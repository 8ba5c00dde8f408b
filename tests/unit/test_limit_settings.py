"""Numbers of limits that the settings change, and those that stop the start."""

import pytest
from pydantic import ValidationError

from shared.models.limits import TIERS
from shared.settings.limits import LimitSettings
from shared.settings.redis import RedisSettings


def test_single_numbers_replace_those_of_the_table() -> None:
    tiers = LimitSettings(rates={"premium": {"submit": 7}}, quotas={"lab": {"usd_per_day": 5}}).tiers()
    assert tiers["default"] == TIERS["default"]
    assert tiers["premium"].rates == TIERS["premium"].rates.model_copy(update={"submit": 7})
    assert tiers["premium"].quotas == TIERS["premium"].quotas
    assert (tiers["lab"].rates, tiers["lab"].quotas.usd_per_day) == (TIERS["default"].rates, 5)


def test_a_quota_can_be_lifted() -> None:
    tiers = LimitSettings(quotas={"default": {"concurrent_batches": None}}).tiers()
    assert tiers["default"].quotas.concurrent_batches is None


@pytest.mark.parametrize(
    "given", [{"rates": {"default": {"lists": 3}}}, {"rates": {"default": {"list": 0}}}, {"proxies": -1}]
)
def test_a_number_without_a_meaning_stops_the_start(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LimitSettings.model_validate(given)


def test_tiers_scale_the_numbers_that_users_know() -> None:
    rates = [TIERS[name].rates for name in ("default", "premium", "enterprise")]
    assert [it.overall for it in rates] == [60, 120, 300]
    assert [it.download for it in rates] == [20, 100, 500]
    for name in ("submit", "status", "list", "results", "delete", "other"):
        first, second, third = (getattr(it, name) for it in rates)
        assert (second, third) == (2 * first, 5 * first)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("", True),
        ("rediss://:secret@redis.example.org:6379/0", True),
        ("redis://127.0.0.1:6379/0", True),
        ("redis://:secret@localhost:6379/0", True),
        ("redis://127.0.0.1:x@redis.example.org:6379/0", False),
        ("redis://redis.example.org:6379/0", False),
    ],
)
def test_a_password_does_not_travel_unencrypted(url: str, *, safe: bool) -> None:
    if safe:
        assert RedisSettings.model_validate({"url": url}).url.get_secret_value() == url
    else:
        with pytest.raises(ValidationError) as refused:
            RedisSettings.model_validate({"url": url})
        assert "example.org" not in str(refused.value)
    assert RedisSettings.model_validate({"url": url, "insecure": True})


@pytest.mark.parametrize(
    "given",
    [
        {"url": "redis://127.0.0.1:6379/0", "login": "google"},
        {"url": "redis://127.0.0.1:6379/0", "login": "google", "insecure": True},
        {"url": "rediss://:secret@10.0.0.3:6379/0", "login": "google"},
        {"login": "google"},
        {"url": "redis://127.0.0.1:6379/0", "ca": "-----BEGIN CERTIFICATE-----"},
    ],
)
def test_a_token_that_opens_more_than_redis_is_not_shown_to_anybody_else(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RedisSettings.model_validate(given)
    assert RedisSettings.model_validate({"url": "rediss://10.0.0.3:6379/0", "login": "google", "ca": "PEM"})
