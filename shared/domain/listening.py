"""What somebody who wants to be told of batches may ask for: pure."""

import base64
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, JsonValue, StringConstraints

from shared.domain.milestones import THRESHOLDS
from shared.errors import FieldError, InvalidInput
from shared.models.hooks import Told

BY_DEFAULT = (Told.BATCH_COMPLETED, Told.BATCH_FAILED, Told.BATCH_CANCELLED)
PREFIX = "whsec_"
SECRET_BYTES = (24, 64)
LONGEST_SECRET = 200
WITH_A_URL_OR_WITHOUT: list[JsonValue] = [
    {"required": ["webhook_url"], "properties": {"webhook_url": {"type": "string"}}},
    {"properties": {f"webhook_{it}": {"type": "null"} for it in ("events", "milestones", "secret")}},
]
"""The schema of an order that says who is to be told of it, or nothing of that."""

Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2048)]
Threshold = Literal[10, 25, 50, 75, 90, 100]
Events = Annotated[tuple[Told, ...], Field(min_length=1, max_length=len(Told))]
Milestones = Annotated[tuple[Threshold, ...], Field(max_length=len(THRESHOLDS))]
T = TypeVar("T", Told, int)


def once_each(given: Iterable[T]) -> tuple[T, ...]:
    """In a fixed order, so that the same wish is the same record."""
    return tuple(sorted(set(given)))


def with_what_it_means(given: Any, *, events: str = "events", milestones: str = "milestones") -> Any:
    """Whoever names milestones wants their event, and the other way round; the names are of the fields."""
    if not isinstance(given, dict):
        return given
    named, shares = given.get(events), given.get(milestones)
    if shares and named is None:
        return {**given, events: [*BY_DEFAULT, Told.BATCH_MILESTONE]}
    if isinstance(named, list) and Told.BATCH_MILESTONE in named and shares is None:
        return {**given, milestones: list(THRESHOLDS)}
    return given


def checked_secret(secret: str, *, field: str = "secret") -> str:
    """A secret of the owner's own, as the convention writes it; InvalidInput if it cannot be one."""
    least, most = SECRET_BYTES
    try:
        size = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True))
    except ValueError:
        size = 0
    if not least <= size <= most:
        said = f"it has to be {PREFIX} and the base64 of {least} to {most} random bytes; leave it out for one"
        raise InvalidInput(f"{field}: {said}", [FieldError(field, said)])
    return secret if secret.startswith(PREFIX) else PREFIX + secret
