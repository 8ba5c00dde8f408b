"""Milestones in Firestore: a few entries in the record of their batch, and deleted with it."""

from collections.abc import Sequence
from datetime import datetime

from shared.adapters.gcp.standing import Standings, standing_of
from shared.adapters.gcp.store import Fields, Found
from shared.adapters.lately import Lately
from shared.adapters.stamps import stamp
from shared.errors import NotFound
from shared.models.facts import Milestone


class FirestoreMilestones:
    """The ``Milestones`` part of the ledger."""

    _standings: Standings
    _reached: Lately[str, frozenset[int]]

    def reach(self, batch_id: str, round: int, thresholds: Sequence[int], *, now: datetime) -> None:
        """See ``Milestones.reach``; what this process knows to be recorded costs nothing."""
        wanted = frozenset(thresholds)
        if wanted <= (self._reached.get(batch_id) or frozenset()):
            return

        def record(found: Found) -> Fields | None:
            known = standing_of(found).milestones
            new = wanted - {milestone.threshold for milestone in known}
            at = max([now, *(milestone.reached_at for milestone in known)])
            entry = {"round": round, "reached_at": stamp(at)}
            return {f"data.milestones.`{threshold}`": entry for threshold in new} or None

        try:
            self._standings.change(batch_id, record)
        except NotFound:
            return  # of a deleted batch nothing is recorded any more
        self._reached.put(batch_id, wanted)

    def milestones(self, batch_id: str) -> list[Milestone]:
        """See ``Milestones.milestones``."""
        try:
            return list(self._standings.fresh(batch_id).milestones)
        except NotFound:
            return []
