"""Endpoints and deliveries in Firestore: two collections, each record whole in its field ``data``."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from google.cloud.firestore import Client, DocumentReference, FieldFilter, Query, WriteBatch

from shared.adapters.gcp.store import MOST_WRITES, Fields, Found, Store, chunks
from shared.adapters.stamps import stamp, stamp_or_none
from shared.errors import NotFound
from shared.models.base import Frozen
from shared.models.hooks import Delivery, Endpoint

_ID = re.compile(r"(?:hook|msg)_[0-9a-f]{24}")
T = TypeVar("T", bound=Frozen)


class FirestoreHooks:
    """See ``Hooks``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._store = Store(client)

    def add(self, endpoint: Endpoint, *, most: int) -> bool:
        """See ``Hooks.add``; an endpoint that stands already is the one that this call wrote."""
        if len(self.endpoints(endpoint.owner, limit=most)) >= most:
            return False
        record = self._record("hooks", endpoint.id)
        content = {"owner": endpoint.owner, "data": _body(endpoint)}
        self._store.tried(lambda commit: commit.create(record, content))
        return True

    def add_to_batch(self, endpoint: Endpoint) -> None:
        """See ``Hooks.add_to_batch``: without the field ``owner`` it is not found among its owner's."""
        record = self._record("hooks", endpoint.id)
        content = {"batch_id": endpoint.batch_id, "data": _body(endpoint)}
        self._store.tried(lambda commit: commit.create(record, content))

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """See ``Hooks.endpoint``."""
        return _known(Endpoint, self._store.get(self._record("hooks", endpoint_id)), endpoint_id)

    def endpoints(self, owner: str, *, limit: int) -> list[Endpoint]:
        """See ``Hooks.endpoints``."""
        query = self._where("hooks", "owner", "==", owner).limit(limit)
        found = [_read(Endpoint, it) for it in self._store.find(query)]
        return sorted(found, key=lambda it: (it.created_at, it.id))

    def change_endpoint(
        self, endpoint_id: str, decide: Callable[[Endpoint], Endpoint | None]
    ) -> Endpoint | None:
        """See ``Hooks.change_endpoint``."""
        return self._change(Endpoint, "hooks", endpoint_id, decide, lambda new: {})

    def remove(self, endpoint_id: str) -> None:
        """See ``Hooks.remove``."""
        record = self._record("hooks", endpoint_id)
        self._store.tried(lambda commit: commit.delete(record))

    def note(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """See ``Hooks.note``; most often none of them is known, or all are."""
        made = list[Delivery]()
        for some in chunks(deliveries, MOST_WRITES):
            found = self._store.get_many([self._record("notices", it.id) for it in some])
            absent = [it for it, record in zip(some, found, strict=True) if not record.exists]
            if absent and self._created(absent):
                made += absent
            else:
                made += [it for it in absent if self._created([it])]
        return made

    def _created(self, deliveries: Sequence[Delivery]) -> bool:
        """One commit; False if one of them is there, be it by an earlier try of this call."""

        def write(commit: WriteBatch) -> None:
            for it in deliveries:
                content = {
                    "endpoint_id": it.endpoint_id,
                    "batch_id": it.batch_id,
                    "created_at": stamp(it.created_at),
                    "due_at": stamp_or_none(it.due_at),
                    "data": _body(it),
                }
                commit.create(self._record("notices", it.id), content)

        return self._store.tried(write) is not None

    def delivery(self, delivery_id: str) -> Delivery:
        """See ``Hooks.delivery``."""
        return _known(Delivery, self._store.get(self._record("notices", delivery_id)), delivery_id)

    def deliveries(self, endpoint_id: str, *, limit: int, after: str | None = None) -> list[Delivery]:
        """See ``Hooks.deliveries``."""
        query = self._where("notices", "endpoint_id", "==", endpoint_id)
        query = query.order_by("created_at", direction=Query.DESCENDING)
        query = query.order_by("__name__", direction=Query.DESCENDING)
        if after is not None:
            last = self._store.get(self._record("notices", after))
            if not last.exists:
                return []
            query = query.start_after({"created_at": last.get("created_at"), "__name__": last.reference})
        return self._found(query.limit(limit))

    def change_delivery(
        self, delivery_id: str, decide: Callable[[Delivery], Delivery | None]
    ) -> Delivery | None:
        """See ``Hooks.change_delivery``."""
        also = lambda new: {"due_at": stamp_or_none(new.due_at)}  # noqa: E731
        return self._change(Delivery, "notices", delivery_id, decide, also)

    def due(self, now: datetime, *, limit: int) -> list[Delivery]:
        """See ``Hooks.due``."""
        return self._found(self._where("notices", "due_at", "<=", stamp(now)).order_by("due_at").limit(limit))

    def forget_batch(self, batch_id: str, *, limit: int) -> bool:
        """See ``Hooks.forget_batch``."""
        self._forget(self._where("hooks", "batch_id", "==", batch_id), MOST_WRITES)
        return self._forget(self._where("notices", "batch_id", "==", batch_id), limit) < limit

    def forget_before(self, time: datetime, *, limit: int) -> int:
        """See ``Hooks.forget_before``."""
        return self._forget(self._where("notices", "created_at", "<", stamp(time)), limit)

    def _forget(self, query: Query, limit: int) -> int:
        found = self._store.find(query.limit(limit))
        for some in chunks(found, MOST_WRITES):
            self._erase(some)
        return len(found)

    def _erase(self, found: Sequence[Found]) -> None:
        def write(commit: WriteBatch) -> None:
            for it in found:
                commit.delete(it.reference)

        self._store.tried(write)

    def _found(self, query: Query) -> list[Delivery]:
        return [_read(Delivery, it) for it in self._store.find(query)]

    def _change(
        self,
        kind: type[T],
        collection: str,
        id: str,
        decide: Callable[[T], T | None],
        also: Callable[[T], Fields],
    ) -> T | None:
        wanted: T | None = None

        def fields(found: Found) -> Fields | None:
            nonlocal wanted
            wanted = decide(_read(kind, found)) if found.exists else None
            return None if wanted is None else {"data": _body(wanted), **also(wanted)}

        return wanted if self._store.amend(self._record(collection, id), fields) else None

    def _record(self, collection: str, id: str) -> DocumentReference:
        if not _ID.fullmatch(id):
            raise NotFound(f"nothing has the id {id[:100]!r}")
        return self._client.document(collection, id)

    def _where(self, collection: str, field: str, condition: str, value: object) -> Query:
        return Query(self._client.collection(collection)).where(filter=FieldFilter(field, condition, value))


def _body(record: Frozen) -> dict[str, str]:
    return {"body": record.model_dump_json()}


def _read(kind: type[T], found: Found) -> T:
    return kind.model_validate_json(found.get("data")["body"])


def _known(kind: type[T], found: Found, id: str) -> T:
    if not found.exists:
        raise NotFound(f"nothing has the id {id}")
    return _read(kind, found)
