"""How a batch stands, read from its facts."""

from dataclasses import dataclass

from shared.domain.lifecycle import Accounting, account, batch_status
from shared.models.batch import Batch, BatchStatus
from shared.models.facts import Closing, Intents
from shared.ports.ledger import Ledger

ROUND = 0


@dataclass(frozen=True)
class Overview:
    """A batch with everything that is derived for it."""

    batch: Batch
    intents: Intents
    closing: Closing | None
    accounting: Accounting
    status: BatchStatus


def overview(ledger: Ledger, batch: Batch) -> Overview:
    """
    Accounting and status of a batch.

    The closing is read first: counters only grow, so a closed batch is never shown as open.
    """
    closing = ledger.closing(batch.batch_id, ROUND)
    intents = ledger.intents(batch.batch_id)
    in_flight = 0 if closing else ledger.in_flight(batch.batch_id, ROUND)
    accounting = account(batch, ledger.leaves(batch.batch_id, ROUND), in_flight)
    return Overview(batch, intents, closing, accounting, batch_status(accounting, intents, closing))
