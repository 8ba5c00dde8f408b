"""
Which ligand stands at which place of a round.

Round 0 holds the whole library, so a job's place is its position. A later round holds only the jobs
that failed before it: their positions, ascending, are stored in chunks of 1,000.
"""

import bisect
import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock

from shared.domain.identity import job_id
from shared.errors import Malformed
from shared.models.facts import Round
from shared.models.work import JobRef
from shared.ports.blobs import Blobs

CHUNK = 1000
_CACHED_CHUNKS = 6


def roster_key(batch_id: str, number: int, chunk: int) -> str:
    """The object that holds the positions at places ``1000 * chunk`` and on."""
    return f"batches/{batch_id}/rounds/{number}/jobs-{chunk:05d}.json"


def write_chunk(blobs: Blobs, batch_id: str, number: int, chunk: int, positions: Sequence[int]) -> None:
    """Store one chunk; the same positions are the same bytes."""
    blobs.put(roster_key(batch_id, number, chunk), json.dumps(list(positions)).encode())


class Roster:
    """Places of any round; the last few chunks stay in memory, as they never change."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._cache: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = Lock()

    def refs(self, round: Round, places: Iterable[int]) -> list[JobRef]:
        """The first attempt of the job at each place."""
        return [self._ref(round, place) for place in places]

    def ref_at(self, round: Round, position: int) -> JobRef:
        """The first attempt of the job at a position that is in this round."""
        return self._ref(round, self._place(round, position))

    def check(self, round: Round, ref: JobRef) -> None:
        """Raise Malformed if the round has no such job: a message that names one leaves no fact."""
        known = ref.place_in_round < round.jobs and (ref.place is None) == (round.number == 0)
        if not known or self._ref(round, ref.place_in_round, ref.attempt) != ref:
            raise Malformed(
                f"round {round.number} of batch {ref.batch_id} has no job {ref.job_id} "
                f"at position {ref.position}"
            )

    def _ref(self, round: Round, place: int, attempt: int = 1) -> JobRef:
        position = place if round.number == 0 else self._chunk(round, place // CHUNK)[place % CHUNK]
        return JobRef(
            batch_id=round.batch_id,
            job_id=job_id(round.batch_id, position),
            round=round.number,
            position=position,
            place=None if round.number == 0 else place,
            attempt=attempt,
        )

    def _place(self, round: Round, position: int) -> int:
        if round.number == 0:
            return position
        chunks = range(-(-round.jobs // CHUNK))
        chunk = bisect.bisect_right(chunks, position, key=lambda it: self._chunk(round, it)[0]) - 1
        positions = self._chunk(round, max(chunk, 0))
        return max(chunk, 0) * CHUNK + bisect.bisect_left(positions, position)

    def _chunk(self, round: Round, chunk: int) -> list[int]:
        key = roster_key(round.batch_id, round.number, chunk)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        positions: list[int] = json.loads(self._blobs.get(key))
        with self._lock:
            self._cache[key] = positions
            if len(self._cache) > _CACHED_CHUNKS:
                self._cache.popitem(last=False)
        return positions
