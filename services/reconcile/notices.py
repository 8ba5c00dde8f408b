"""What users have not been told: asked for again; and what they were told long ago: forgotten."""

from services.reconcile.world import Finding, World
from shared.domain.deliveries import KEPT
from shared.events.messages import NoticeDue
from shared.models.hooks import Delivery

MOST_DUE = 500
MOST_FORGOTTEN = 1000


def untold(world: World) -> list[Finding]:
    """Publish what is due, at most a page a pass, the longest overdue first."""
    return [_publish(world, delivery) for delivery in world.notices.hooks.due(world.now(), limit=MOST_DUE)]


def _publish(world: World, delivery: Delivery) -> Finding:
    world.bus.publish([NoticeDue(delivery_id=delivery.id)])
    # After the publish: if we die in between, it is still due. Who has taken it meanwhile knows better.
    later = delivery.model_copy(update={"due_at": world.now() + world.patience.quiet})
    world.notices.hooks.change_delivery(delivery.id, lambda it: later if it == delivery else None)
    reason = f"the webhook {delivery.endpoint_id} was not told, or its next try is due"
    return Finding(batch_id=delivery.batch_id or "-", reason=reason, action="published notice-due again")


def forget_old(world: World) -> None:
    """Erase what was kept long enough to be looked up."""
    world.notices.hooks.forget_before(world.now() - KEPT, limit=MOST_FORGOTTEN)
