"""The collection of dead letters: what is asked of it, and changes that name the version they saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition
from google.api_core.exceptions import NotFound as GoogleNotFound
from google.cloud.firestore import Client, FieldFilter, Query

from shared.adapters.gcp.errors import reading, writing
from shared.adapters.gcp.letter_documents import ID, Document, letter_id, letter_of
from shared.ports.bus import DeadLetter, LetterState

if TYPE_CHECKING:
    from google.cloud.firestore import DocumentSnapshot

COLLECTION = "letters"
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """A letter's document as it was at one moment."""

    id: str
    fields: Mapping[str, Any]
    snapshot: "DocumentSnapshot[Any]"

    @property
    def letter(self) -> DeadLetter:
        """The letter."""
        return letter_of(self.id, self.fields)

    @property
    def state(self) -> LetterState:
        """The state."""
        return LetterState(self.fields["state"])


class Shelf:
    """The letters of one database."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._letters = client.collection(COLLECTION)

    def seen(self, letter_id: str) -> Seen | None:
        """The letter of that id."""
        if not ID.fullmatch(letter_id):
            return None
        with reading():
            found = self._letters.document(letter_id).get(timeout=ANSWER_SECONDS)
        return _seen(found) if found.exists else None

    def newest(self, sameness: str) -> Seen | None:
        """The one with the highest number of all that are the same."""
        alike = self._letters.where(filter=FieldFilter("sameness", "==", sameness))
        query = alike.order_by("number", direction=Query.DESCENDING).limit(1)
        return next(iter(self._found(query)), None)

    def page(
        self, *, state: LetterState | None, parked_by: datetime | None, limit: int, after: Seen | None
    ) -> list[Seen]:
        """Newest first; letters that were parked at the same moment in the order of their ids."""
        query = self._newest_first(state, parked_by).limit(limit)
        return self._found(query.start_after(after.snapshot) if after else query)

    def count(self, state: LetterState, *, parked_by: datetime | None) -> int:
        """How many there are in that state."""
        query: Any = self._newest_first(state, parked_by).count()  # its ``get`` is mistyped
        with reading():
            [[answer]] = query.get(timeout=ANSWER_SECONDS)
        return int(answer.value)

    def unsent(self, *, since: datetime, limit: int) -> list[Seen]:
        """Those whose replay was marked by then and is not known to be published."""
        query = self._letters.where(filter=FieldFilter("unsent_since", "<=", since))
        return self._found(query.order_by("unsent_since").limit(limit))

    def create(self, document: Document) -> bool:
        """False if there is one of that sameness and number."""
        reference = self._letters.document(letter_id(document["sameness"], document["number"]))
        with writing():
            try:
                reference.create(document, timeout=ANSWER_SECONDS)
            except (Aborted, AlreadyExists):
                return False
        return True

    def change(self, seen: Seen, fields: Document) -> bool:
        """False if it is no longer as it was seen."""
        unchanged = self._client.write_option(last_update_time=seen.snapshot.update_time)
        with writing():
            try:
                seen.snapshot.reference.update(fields, option=unchanged, timeout=ANSWER_SECONDS)
            except (Aborted, FailedPrecondition, GoogleNotFound):
                return False
        return True

    def sent(self, seen: Seen) -> None:
        """The message of a replayed letter is published."""
        with writing():
            seen.snapshot.reference.update({"unsent_since": None}, timeout=ANSWER_SECONDS)

    def _newest_first(self, state: LetterState | None, parked_by: datetime | None) -> Query:
        query = self._letters.order_by("parked_at", direction=Query.DESCENDING)
        if state is not None:
            query = query.where(filter=FieldFilter("state", "==", state.value))
        if parked_by is not None:
            query = query.where(filter=FieldFilter("parked_at", "<=", parked_by))
        return query

    def _found(self, query: Query) -> list[Seen]:
        with reading():
            return [_seen(found) for found in query.get(timeout=ANSWER_SECONDS)]


def _seen(found: "DocumentSnapshot[Any]") -> Seen:
    return Seen(found.id, found.to_dict() or {}, found)
