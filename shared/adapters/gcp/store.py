"""
One Firestore database: where its records lie, and the few ways in which they are read and written.

Every write is conditional, so that the client may repeat a commit whose answer was lost. A record
keeps what is queried in fields of its own and everything else in the map ``data``, which no index
holds. ``data.hand`` names the call that wrote it last: by it a call that finds its own condition
broken knows its own work again.
"""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, FieldFilter, Query, WriteBatch
from google.cloud.firestore_v1.types import WriteResult

from shared.adapters.gcp.errors import reading, writing
from shared.domain.identity import digest
from shared.errors import NotFound, Unavailable

CALL_SECONDS = 10.0
MOST_SECONDS = 30.0
MOST_WRITES = 480
"""A commit may hold 500; some room is left for what goes with them."""

MOST_BYTES = 3 * 1024 * 1024
MOST_IN_READ = 500
MOST_TRIES = 60
RETRY = Retry(
    predicate=if_exception_type(
        exceptions.ServiceUnavailable,
        exceptions.TooManyRequests,
        exceptions.Aborted,
        exceptions.InternalServerError,
        exceptions.DeadlineExceeded,
    ),
    initial=0.1,
    maximum=4.0,
    multiplier=2.0,
    timeout=MOST_SECONDS,
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
Fields = Mapping[str, Any]
Found = DocumentSnapshot[DocumentReference]
"""A record as it was read; it may be missing."""

T = TypeVar("T")


class Store:
    """The database through a client, which is safe to share between threads."""

    def __init__(self, client: Client) -> None:
        self._client = client

    # where

    def batch(self, batch_id: str) -> DocumentReference:
        """The record of a batch; NotFound if there can be none of this id."""
        return self._client.document("batches", _sound(batch_id))

    def record(self, batch_id: str, kind: str, *key: object) -> DocumentReference:
        """A record of a batch; the key is hashed, since neighbours under one key would be slow together."""
        return self._client.document("batches", _sound(batch_id), kind, digest(key)[:24])

    def where(self, batch_id: str, kind: str, **fields: object) -> Query:
        """The records of this kind of the batch that have these values."""
        return narrowed(Query(self._client.collection("batches", _sound(batch_id), kind)), **fields)

    def batches(self) -> Query:
        """All batches."""
        return Query(self._client.collection("batches"))

    def group(self, kind: str) -> Query:
        """The records of this kind of all batches."""
        return self._client.collection_group(kind)

    # reads

    def get(self, reference: DocumentReference) -> Found:
        """The record; it may be missing."""
        with reading():
            return reference.get(retry=RETRY, timeout=CALL_SECONDS)

    def get_many(self, references: Sequence[DocumentReference]) -> list[Found]:
        """The records in the order given; some may be missing."""
        found: dict[str, Found] = {}
        with reading():
            for some in chunks(references, MOST_IN_READ):
                answers = self._client.get_all(list(some), retry=RETRY, timeout=CALL_SECONDS)
                found.update({answer.reference.path: answer for answer in answers})
        return [found[reference.path] for reference in references]

    def find(self, query: Query) -> list[Found]:
        """The answer of a query."""
        with reading():
            return list(query.stream(retry=RETRY, timeout=CALL_SECONDS))

    def count(self, query: Query) -> int:
        """How many records a query has."""
        counting: Any = query.count(alias="n")
        with reading():
            [[answer]] = counting.get(retry=RETRY, timeout=CALL_SECONDS)
        return int(answer.value)

    # writes

    def tried(self, write: Callable[[WriteBatch], object]) -> list[WriteResult] | None:
        """
        One commit of what ``write`` adds to it; None, and nothing of it happened, if a condition failed.

        The condition may have failed because an earlier try of this very call succeeded.

        Raises:
            NotFound: a record that was to be updated is missing; nothing happened.
        """
        batch = self._client.batch()
        write(batch)
        with writing():
            try:
                return list(batch.commit(retry=RETRY, timeout=CALL_SECONDS))
            except (exceptions.AlreadyExists, exceptions.FailedPrecondition):
                return None

    def if_absent(self, batch: WriteBatch, reference: DocumentReference) -> None:
        """Make the commit conditional on there being no such record."""
        batch.delete(reference, option=self._client.write_option(exists=False))

    def if_unchanged(
        self, batch: WriteBatch, reference: DocumentReference, since: Any, fields: Fields
    ) -> None:
        """Change fields, by path, of a record that was last written at ``since``."""
        batch.update(reference, dict(fields), option=self._client.write_option(last_update_time=since))

    def delete_unchanged(self, batch: WriteBatch, found: Found) -> None:
        """Delete a record if it is still as it was found."""
        batch.delete(found.reference, option=self._client.write_option(last_update_time=found.update_time))

    def amend(
        self,
        reference: DocumentReference,
        decide: Callable[[Found], Fields | None],
        also: Callable[[WriteBatch], object] = lambda batch: None,
    ) -> bool:
        """
        Change a record by what ``decide`` makes of it as it stands; whether it did want a change.

        Read, decide, write if unchanged, as often as others are faster. For what is seldom contended.
        """
        hand = new_hand()
        for number in range(MOST_TRIES):
            found = self.get(reference)
            if found.exists and found.get("data").get("hand") == hand:
                return True  # the answer of our own commit was lost
            fields = decide(found)
            if fields is None:
                return False
            if self._replaced(found, _signed(fields, hand), also):
                return True
            time.sleep(random.uniform(0, 0.002 * number))
        raise Unavailable(f"{reference.path} was changed by others {MOST_TRIES} times")

    def _replaced(self, found: Found, fields: Fields, also: Callable[[WriteBatch], object]) -> bool:
        def write(batch: WriteBatch) -> None:
            self.if_unchanged(batch, found.reference, found.update_time, fields)
            also(batch)

        try:
            return self.tried(write) is not None
        except NotFound:  # it was erased meanwhile, which the next look shows
            return False


def _sound(batch_id: str) -> str:
    """What can be an id: others would name another record, or nothing that Firestore knows."""
    if not _ID.fullmatch(batch_id):
        raise NotFound(f"no batch {batch_id[:100]!r}")
    return batch_id


def _signed(fields: Fields, hand: str) -> Fields:
    if "data" in fields:
        return {**fields, "data": {**fields["data"], "hand": hand}}
    return {**fields, "data.hand": hand}


def narrowed(query: Query, **fields: object) -> Query:
    """The query with the condition that these fields are equal to these values."""
    for path, value in fields.items():
        query = query.where(filter=FieldFilter(path, "==", value))
    return query


def new_hand() -> str:
    """A name that no other call has."""
    return uuid4().hex


def chunks(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The things in order, at most ``size`` at a time."""
    return (things[start : start + size] for start in range(0, len(things), size))


def portions(things: Iterable[tuple[T, int]], *, most: int, most_bytes: int) -> Iterator[list[T]]:
    """Things with their sizes, in order, in portions that keep both limits; a huge one goes alone."""
    portion, held = list[T](), 0
    for thing, size in things:
        if portion and (len(portion) == most or held + size > most_bytes):
            yield portion
            portion, held = [], 0
        portion.append(thing)
        held += size
    if portion:
        yield portion
