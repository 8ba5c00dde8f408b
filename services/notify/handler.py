"""Take a delivery, call its endpoint, note how that ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from services.notify.calling import Answer
from services.notify.signing import signed
from shared.domain.deliveries import claimed, ended, exhausted, given_up, judged, succeeded, valid
from shared.domain.news import tells_of_an_end
from shared.errors import Gone, NotFound
from shared.events.messages import NoticeDue
from shared.models.hooks import Delivery, DeliveryState, Endpoint, Try
from shared.ports.bus import Bus
from shared.ports.hooks import Hooks
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.vault import Unreadable, Vault

AGENT = "OMTX-Hub"


class Calls(Protocol):
    """What reaches endpoints."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One call; what the endpoint does never raises."""
        ...


def handle(
    event: NoticeDue, *, hooks: Hooks, ledger: Ledger, bus: Bus, vault: Vault, calls: Calls, clock: Clock
) -> None:
    """One try, if one is due; a message that is late, early or repeated finds nothing to do."""
    try:
        delivery = hooks.delivery(event.delivery_id)
    except NotFound:
        return  # it has aged, or went with its batch
    if delivery.state is not DeliveryState.PENDING or clock.now() < delivery.next_at:
        return
    endpoint = _listening(delivery, hooks)
    if endpoint is None or exhausted(delivery) or not _is_news(delivery, ledger):
        hooks.change_delivery(delivery.id, given_up)
        return
    if tells_of_an_end(delivery) and not _has_ended(delivery, ledger):
        return  # it is due again after a while
    taken = hooks.change_delivery(delivery.id, lambda it: claimed(it, now=clock.now()))
    if taken is None:
        return
    end = _tried(taken, endpoint, hooks, vault, calls, now=clock.now())
    _note(taken, endpoint, end, hooks=hooks, bus=bus, now=clock.now())
    _seal_anew(endpoint, vault, hooks)


def _listening(delivery: Delivery, hooks: Hooks) -> Endpoint | None:
    try:
        endpoint = hooks.endpoint(delivery.endpoint_id)
    except NotFound:
        return None
    return endpoint if endpoint.enabled else None


def _is_news(delivery: Delivery, ledger: Ledger) -> bool:
    """Of a batch that was deleted nothing is told any more."""
    if delivery.batch_id is None:
        return True
    try:
        ledger.batch(delivery.batch_id)
    except Gone:
        return False
    return True


def _has_ended(delivery: Delivery, ledger: Ledger) -> bool:
    """Whether who is told of the end finds the batch ended."""
    assert delivery.batch_id is not None, "only batches and their jobs end"
    closing = ledger.closing(delivery.batch_id, delivery.round)
    return closing is not None and closing.finished_at is not None


def _tried(
    delivery: Delivery, endpoint: Endpoint, hooks: Hooks, vault: Vault, calls: Calls, *, now: datetime
) -> Try:
    begun = delivery.tries[-1]
    try:
        signer = endpoint if endpoint.signed_as is None else hooks.endpoint(endpoint.signed_as)
        secrets = [vault.open(it, name=signer.id) for it in valid(signer.secrets, now=now)]
    except Unreadable as error:
        return begun.model_copy(update={"error": f"{error}; rotate the secret"})
    except NotFound:
        gone = f"webhook {endpoint.signed_as}, with whose secret it is signed, is gone; rotate the secret"
        return begun.model_copy(update={"error": gone})
    body = delivery.body.encode()
    headers = {
        "content-type": "application/json",
        "user-agent": AGENT,
        **signed(delivery.id, body, secrets=secrets, timestamp=int(now.timestamp())),
    }
    answer = calls.post(endpoint.url, body, headers)
    said = {"status": answer.status, "error": answer.error, "answer": answer.text, "seconds": answer.seconds}
    return begun.model_copy(update=said)


def _note(delivery: Delivery, endpoint: Endpoint, end: Try, *, hooks: Hooks, bus: Bus, now: datetime) -> None:
    noted = hooks.change_delivery(delivery.id, lambda it: ended(it, end, now=now))
    if judged(endpoint, end, now=now) is not None:
        hooks.change_endpoint(endpoint.id, lambda it: judged(it, end, now=now))
    if noted is not None and noted.due_at is not None and not succeeded(end):
        # A bus that cannot delay delivers it too early, for nothing: then ``reconcile`` asks for the next.
        bus.publish([NoticeDue(delivery_id=delivery.id, not_before=noted.next_at)])


def _seal_anew(endpoint: Endpoint, vault: Vault, hooks: Hooks) -> None:
    """Secrets that were sealed with a key which is being replaced, while that can still open them."""
    if all(vault.is_current(it) for it in endpoint.secrets):
        return
    hooks.change_endpoint(endpoint.id, lambda it: _sealed_anew(it, vault))


def _sealed_anew(endpoint: Endpoint, vault: Vault) -> Endpoint | None:
    try:
        opened = [(vault.open(it, name=endpoint.id), it.until) for it in endpoint.secrets]
    except Unreadable:
        return None
    anew = (vault.seal(text, name=endpoint.id).model_copy(update={"until": until}) for text, until in opened)
    return endpoint.model_copy(update={"secrets": tuple(anew)})
