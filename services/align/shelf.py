"""Where everything about one sequence is kept, and the search that may be under way for it."""

from datetime import datetime, timedelta

from shared.errors import NotFound
from shared.models.alignment import Alignment, Futile, Search
from shared.models.batch import StoredInput
from shared.ports.blobs import Blobs

LEASE = timedelta(minutes=3)
"""How long a step of a search may take; whoever died in one blocks the next for as long."""

ARCHIVE = "archive.tar.gz"


class Shelf:
    """
    The objects below ``at``.

    A search is numbered by its steps: a step belongs to whoever stored its number, and holds what the
    steps before it have learnt.
    """

    def __init__(self, blobs: Blobs, at: str) -> None:
        self._blobs = blobs
        self._at = at

    def claim(self, now: datetime) -> tuple[int, Search] | None:
        """The next step of the search, or None: another's is not over, or its server is to be left alone."""
        steps = list(self._blobs.list(f"{self._at}/search/"))
        number = int(steps[-1].rpartition("/")[2]) if steps else 0
        before = self._search(number)
        if before is not None and now < before.until:
            return None
        search = (before or Search(begun_at=now, until=now)).model_copy(update={"until": now + LEASE})
        if not self._blobs.put_if_absent(self._step(number + 1), search.model_dump_json().encode()):
            return None
        for key in steps[:-1]:  # the last one stays, so that nobody who has just seen it stores it again
            self._blobs.delete(key)
        return number + 1, search

    def hold(self, number: int, search: Search) -> None:
        """What the step has learnt, and until when nobody takes the next."""
        self._blobs.put(self._step(number), search.model_dump_json().encode())

    def end(self) -> None:
        """The search is over."""
        for key in list(self._blobs.list(f"{self._at}/search/")):
            self._blobs.delete(key)

    def archive(self) -> bytes | None:
        """What the server answered, if that was stored."""
        try:
            return self._blobs.get(f"{self._at}/{ARCHIVE}")
        except NotFound:
            return None

    def keep(self, name: str, content: bytes) -> StoredInput:
        """Store a file unless there is one; that which stands."""
        key = f"{self._at}/{name}"
        self._blobs.put_if_absent(key, content)
        stat = self._blobs.stat(key)
        return StoredInput(key=key, size=stat.size, sha256=stat.sha256)

    def succeed(self, alignment: Alignment) -> None:
        """All files are there; this says so, and what they are."""
        self._blobs.put_if_absent(f"{self._at}/meta.json", alignment.model_dump_json(indent=1).encode())
        self.end()

    def give_up(self, reason: str, *, now: datetime) -> None:
        """There will be no alignment for now."""
        futile = Futile(reason=reason, failed_at=now)
        self._blobs.put(f"{self._at}/failure.json", futile.model_dump_json(indent=1).encode())
        self.end()

    def _search(self, number: int) -> Search | None:
        try:
            return Search.model_validate_json(self._blobs.get(self._step(number))) if number else None
        except NotFound:
            return None  # it ended meanwhile

    def _step(self, number: int) -> str:
        return f"{self._at}/search/{number:08d}"
