"""The whole ledger on one Firestore database."""

from datetime import timedelta

from google.cloud.firestore import Client

from shared.adapters.gcp.attempts import MOST_REMEMBERED, FirestoreAttempts
from shared.adapters.gcp.batches import FirestoreBatches
from shared.adapters.gcp.closings import FirestoreClosings
from shared.adapters.gcp.countdown import FirestoreCountdown
from shared.adapters.gcp.courses import FirestoreCourses
from shared.adapters.gcp.line import FirestoreLine
from shared.adapters.gcp.milestones import FirestoreMilestones
from shared.adapters.gcp.rounds import FirestoreRounds
from shared.adapters.gcp.standing import Standings
from shared.adapters.gcp.store import Store
from shared.adapters.lately import Lately

MOST_BATCHES = 1000


class FirestoreLedger(
    FirestoreBatches,
    FirestoreRounds,
    FirestoreAttempts,
    FirestoreLine,
    FirestoreCountdown,
    FirestoreClosings,
    FirestoreCourses,
    FirestoreMilestones,
):
    """
    Each part stands in its own module; they share the database and what the process remembers.

    ``intents_age``: how old what is wanted of a batch may be where a ligand moves, see ``glance``.
    """

    def __init__(self, client: Client, *, intents_age: timedelta) -> None:
        self._store = Store(client)
        self._standings = Standings(self._store, intents_age)
        self._claims = Lately(MOST_REMEMBERED)
        self._reached = Lately(MOST_BATCHES)
