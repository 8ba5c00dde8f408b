"""Who is to be told of one batch: what an order says of it, and the endpoint that it makes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from shared.domain import identity
from shared.domain.listening import (
    BY_DEFAULT,
    LONGEST_SECRET,
    WITH_A_URL_OR_WITHOUT,
    Events,
    Milestones,
    Url,
    checked_secret,
    once_each,
    with_what_it_means,
)
from shared.domain.outside import Target, target
from shared.errors import FieldError, InvalidInput
from shared.models.base import Frozen
from shared.models.batch import Batch
from shared.models.hooks import Endpoint
from shared.ports.hooks import Hooks
from shared.steps.notices import MOST_ENDPOINTS
from shared.steps.vault import Vault

FIELDS = ("webhook_url", "webhook_events", "webhook_milestones", "webhook_secret")


def _is_none(value: object) -> bool:
    return value is None


class Telling(Frozen):
    """
    Where the news of the batch go, and which; without ``webhook_url`` none of the others means anything.

    ``webhook_secret`` signs them; without one, that of a registered webhook at the same host. It is no part
    of what an order says: of two orders that differ in nothing else, the first one's counts.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": WITH_A_URL_OR_WITHOUT})

    webhook_url: Annotated[Url | None, Field(exclude_if=_is_none)] = None
    webhook_events: Annotated[Events | None, Field(exclude_if=_is_none)] = None
    webhook_milestones: Annotated[Milestones | None, Field(exclude_if=_is_none)] = None
    webhook_secret: Annotated[
        SecretStr | None, Field(min_length=1, max_length=LONGEST_SECRET, exclude=True)
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _milestones_mean_their_event(cls, given: Any) -> Any:
        return with_what_it_means(given, events="webhook_events", milestones="webhook_milestones")

    @field_validator("webhook_events", "webhook_milestones")
    @classmethod
    def _once_each(cls, given: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        return given and once_each(given)

    @field_validator("webhook_events", "webhook_milestones", "webhook_secret")
    @classmethod
    def _with_a_url(cls, given: Any, info: ValidationInfo) -> Any:
        if given is not None and "webhook_url" in info.data and info.data["webhook_url"] is None:
            raise ValueError("means nothing without 'webhook_url'")
        return given

    @property
    def told(self) -> dict[str, Any]:
        """What was said of it, the secret as it is kept from sight."""
        return {name: it for name in FIELDS if (it := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Switchboard:
    """Makes endpoints of batches; ``loopback`` lets them be on this machine."""

    hooks: Hooks
    vault: Callable[[], Vault]
    loopback: bool

    def check(self, asked: Telling, *, owner: str) -> None:
        """
        Look at what an order says, and keep nothing.

        Raises:
            InvalidInput: the URL is never called, or nothing is there to sign with.
        """
        if asked.webhook_url is not None:
            self._signature(asked.webhook_url, asked.webhook_secret, owner)

    def endpoint(
        self, asked: Telling, owner: str, batch_id: str, fingerprint: str, *, now: datetime
    ) -> Endpoint | None:
        """The endpoint that an order wants, not yet kept; InvalidInput as ``check``."""
        if asked.webhook_url is None:
            return None
        name = f"hook_{identity.digest(['hook', batch_id, fingerprint])[:24]}"
        by = self._signature(asked.webhook_url, asked.webhook_secret, owner)
        return Endpoint(
            id=name,
            owner=owner,
            batch_id=batch_id,
            url=asked.webhook_url,
            description=f"of {batch_id}",
            events=BY_DEFAULT if asked.webhook_events is None else asked.webhook_events,
            milestones=asked.webhook_milestones or (),
            secrets=(self.vault().seal(by, name=name),) if isinstance(by, str) else (),
            signed_as=by.id if isinstance(by, Endpoint) else None,
            created_at=now,
            since=now,
        )

    def keep(self, endpoint: Endpoint | None, batch: Batch) -> Batch:
        """The batch with its endpoint, which is kept before the batch is opened: no end comes before it."""
        if endpoint is None:
            return batch
        self.hooks.add_to_batch(endpoint)
        return batch.model_copy(update={"hook": endpoint.id})

    def _signature(self, url: str, secret: SecretStr | None, owner: str) -> str | Endpoint:
        """The secret that was given, or the owner's first enabled webhook at the same host."""
        where = checked_url(url, loopback=self.loopback)
        if secret is not None:
            return checked_secret(secret.get_secret_value(), field="webhook_secret")
        for registered in self.hooks.endpoints(owner, limit=MOST_ENDPOINTS):
            there = target(registered.url, loopback=True)
            if registered.enabled and (there.host, there.port) == (where.host, where.port):
                return registered
        said = f"give one, or register a webhook at {where.host}, with whose secret it is signed then"
        raise InvalidInput(f"webhook_secret: {said}", [FieldError("webhook_secret", said)])


def checked_url(url: str, *, loopback: bool) -> Target:
    """Where it leads; InvalidInput, by the name that an order has for it, if it is never called."""
    try:
        return target(url, loopback=loopback)
    except InvalidInput as error:
        found = [FieldError("webhook_url", it.message) for it in error.errors]
        raise InvalidInput(f"webhook_{error}", found) from error
