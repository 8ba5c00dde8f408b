"""What the routes of webhooks work with: an owner's endpoints, and how they may be changed."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends

from services.api.dependencies import Stored
from shared import wiring
from shared.domain.deliveries import again, valid
from shared.domain.listening import PREFIX, SECRET_BYTES, checked_secret
from shared.domain.news import ping
from shared.domain.outside import target
from shared.errors import IllegalMove, NotFound
from shared.models.hooks import Delivery, Endpoint, Told
from shared.settings.webhooks import WebhookSettings
from shared.steps.notices import MOST_ENDPOINTS, Notices
from shared.steps.vault import Vault

MOST_SECRETS = 2
OVERLAP = timedelta(hours=24)
"""How long the secret before the newest is signed with, too."""


@dataclass(frozen=True)
class Desk:
    """The endpoints of one owner; ``loopback`` lets them be on this machine."""

    owner: str
    notices: Notices
    vault: Vault
    loopback: bool

    def endpoints(self) -> list[Endpoint]:
        """All of them, oldest first."""
        return self.notices.hooks.endpoints(self.owner, limit=MOST_ENDPOINTS)

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """The endpoint; NotFound if there is none, or it is another's."""
        try:
            found = self.notices.hooks.endpoint(endpoint_id)
        except NotFound as error:
            raise NotFound(f"no webhook {endpoint_id}") from error
        if found.owner != self.owner:
            raise NotFound(f"no webhook {endpoint_id}")
        return found

    def delivery(self, delivery_id: str) -> Delivery:
        """The delivery; NotFound if there is none, or it is another's."""
        try:
            found = self.notices.hooks.delivery(delivery_id)
        except NotFound as error:
            raise NotFound(f"no delivery {delivery_id}") from error
        if found.owner != self.owner:
            raise NotFound(f"no delivery {delivery_id}")
        return found

    def open(
        self,
        url: str,
        events: Sequence[Told],
        milestones: Sequence[int],
        *,
        description: str,
        secret: str | None = None,
    ) -> tuple[Endpoint, str]:
        """A new endpoint and its secret, which nobody is shown again."""
        target(url, loopback=self.loopback)
        now, secret = self.now(), checked_secret(secret) if secret else new_secret()
        name = f"hook_{secrets.token_hex(12)}"
        endpoint = Endpoint(
            id=name,
            owner=self.owner,
            url=url,
            description=description,
            events=tuple(events),
            milestones=tuple(milestones),
            secrets=(self.vault.seal(secret, name=name),),
            created_at=now,
            since=now,
        )
        if not self.notices.hooks.add(endpoint, most=MOST_ENDPOINTS):
            raise IllegalMove(f"you have {MOST_ENDPOINTS} webhooks, which is as many as there may be")
        return endpoint, secret

    def change(self, endpoint_id: str, changes: dict[str, Any]) -> Endpoint:
        """The endpoint with these fields changed; what it did not listen to before is told from now on."""
        self.endpoint(endpoint_id)
        if "url" in changes:
            target(changes["url"], loopback=self.loopback)
        now = self.now()
        changed = self.notices.hooks.change_endpoint(endpoint_id, lambda it: changed_by(it, changes, now=now))
        return changed or self.endpoint(endpoint_id)

    def rotate(self, endpoint_id: str) -> tuple[Endpoint, str]:
        """A new secret; the one before it is signed with for a day, any older one no longer."""
        self.endpoint(endpoint_id)
        secret, now = new_secret(), self.now()
        sealed = self.vault.seal(secret, name=endpoint_id)

        def rotated(it: Endpoint) -> Endpoint:
            before = [old.model_copy(update={"until": now + OVERLAP}) for old in valid(it.secrets, now=now)]
            new = (sealed, *before[: MOST_SECRETS - 1])
            return it.model_copy(update={"secrets": new, "signed_as": None})

        changed = self.notices.hooks.change_endpoint(endpoint_id, rotated)
        if changed is None:
            raise NotFound(f"no webhook {endpoint_id}")
        return changed, secret

    def ping(self, endpoint_id: str) -> Delivery:
        """Have it called with a message that says nothing."""
        endpoint = self.endpoint(endpoint_id)
        if not endpoint.enabled:
            raise IllegalMove(f"webhook {endpoint_id} is disabled; enable it before you test it")
        chance = secrets.token_hex(12)
        delivery = ping(endpoint, chance=chance, now=self.now(), quiet=self.notices.quiet)
        self.notices.publish(self.notices.hooks.note([delivery]))
        return delivery

    def redeliver(self, delivery_id: str) -> Delivery:
        """Have a message brought again, under the same id."""
        delivery = self.delivery(delivery_id)
        if not self.endpoint(delivery.endpoint_id).enabled:
            raise IllegalMove(f"webhook {delivery.endpoint_id} is disabled; enable it first")
        now, quiet = self.now(), self.notices.quiet
        asked = self.notices.hooks.change_delivery(delivery_id, lambda it: again(it, now=now, quiet=quiet))
        found = asked or self.delivery(delivery_id)
        self.notices.publish([found])
        return found

    def now(self) -> datetime:
        """The time."""
        return self.notices.clock.now()


async def desk(store: Stored) -> Desk:
    """For the owner who asks."""
    loopback = WebhookSettings().loopback
    return Desk(owner=store.owner, notices=wiring.notices(), vault=wiring.vault(), loopback=loopback)


AtDesk = Annotated[Desk, Depends(desk)]


def new_secret() -> str:
    """Random, as the convention writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES[0])).decode()


def changed_by(endpoint: Endpoint, changes: dict[str, Any], *, now: datetime) -> Endpoint:
    """The endpoint with changes; enabling it forgives what failed."""
    new = endpoint.model_copy(update=changes)
    wider = set(new.events) - set(endpoint.events) or set(new.milestones) - set(endpoint.milestones)
    began = new.enabled and not endpoint.enabled
    if "enabled" in changes or new.url != endpoint.url:
        new = new.model_copy(update={"failing_since": None})
    if "enabled" in changes:
        new = new.model_copy(update={"why_disabled": None})
    return new.model_copy(update={"since": now}) if wider or began else new
