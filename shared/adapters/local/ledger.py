"""The whole ledger on one SQLite file."""

from shared.adapters.local.attempts import SqliteAttempts
from shared.adapters.local.batches import SqliteBatches
from shared.adapters.local.closings import SqliteClosings
from shared.adapters.local.countdown import SqliteCountdown
from shared.adapters.local.courses import SqliteCourses
from shared.adapters.local.milestones import SqliteMilestones
from shared.adapters.local.rounds import SqliteRounds


class SqliteLedger(
    SqliteBatches,
    SqliteRounds,
    SqliteAttempts,
    SqliteCountdown,
    SqliteClosings,
    SqliteCourses,
    SqliteMilestones,
):
    """Each part stands in its own module; they share the file and so each other's commits."""
