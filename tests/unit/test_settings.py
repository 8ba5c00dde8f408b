"""What cannot work together is refused at the start, by the names of the variables."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.settings import LONGEST_QUEUE_SECONDS, Settings

CLOUD: dict[str, Any] = {
    "backend": "gcp",
    "project": "p",
    "bucket": "b",
    "public_url": "https://example.org",
    "push_audience": "https://example.org",
    "push_service_account": "push@example.org",
}


def test_keys_are_where_the_backend_is_unless_said_otherwise() -> None:
    assert Settings().keys_in == "folder"
    assert Settings(**CLOUD).keys_in == "secret-manager"
    assert Settings(**CLOUD, secrets="folder").keys_in == "folder"
    assert Settings(secrets="secret-manager", project="p").keys_in == "secret-manager"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({**CLOUD, "project": ""}, "OMTX_PROJECT"),
        ({**CLOUD, "bucket": "", "public_url": ""}, "OMTX_BUCKET, OMTX_PUBLIC_URL"),
        (
            {**CLOUD, "push_audience": "", "push_service_account": ""},
            "OMTX_PUSH_AUDIENCE, OMTX_PUSH_SERVICE_ACCOUNT",
        ),
        ({"secrets": "secret-manager"}, "OMTX_PROJECT"),
        ({**CLOUD, "queue_allowance_seconds": 7 * 86400}, "OMTX_QUEUE_ALLOWANCE_SECONDS is at most 518400"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings(**given)


def test_a_run_that_waited_as_long_as_it_may_still_has_valid_urls() -> None:
    # The longest run that an order may ask for, and the grace that dispatch gives it.
    assert LONGEST_QUEUE_SECONDS + 7200 + 120 < 7 * 86400
    assert Settings().queue_allowance_seconds <= LONGEST_QUEUE_SECONDS
