"""
API keys in Firestore: a document each.

``place`` holds owner and age in one text, so that a page of an owner's keys needs no index but the one
that every field has.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from google.cloud.firestore import Client, DocumentReference, FieldFilter, Query

from shared.adapters.gcp.store import Fields, Found, Store, new_hand
from shared.adapters.stamps import instant_or_none, stamp
from shared.domain import keys
from shared.domain.identity import digest as digest_of
from shared.errors import NotFound
from shared.models.access import ApiKey

COLLECTION = "keys"
_ID = re.compile(r"[a-z0-9]{12}")
_LATEST = 10**17


class FirestoreKeys:
    """See ``Keys``."""

    def __init__(self, client: Client) -> None:
        self._store = Store(client)
        self._keys = client.collection(COLLECTION)

    def create(self, key: ApiKey) -> bool:
        """See ``Keys.create``."""
        reference, hand = self._reference(key.id), new_hand()
        fields = {"place": _place(key), "data": {"body": key.model_dump_json(), "hand": hand}}
        if self._store.tried(lambda batch: batch.create(reference, fields)) is not None:
            return True
        found = self._store.get(reference)  # the answer of our own commit may have been lost
        return found.exists and found.get("data").get("hand") == hand

    def find(self, key_id: str) -> ApiKey:
        """See ``Keys.find``."""
        return _key(self._store.get(self._reference(key_id)), key_id)

    def of_owner(self, owner: str, *, limit: int, after: str | None) -> Sequence[ApiKey]:
        """See ``Keys.of_owner``."""
        folder = _folder(owner)
        place = folder
        if after is not None:
            last = self.find(after)
            if last.owner != owner:
                raise NotFound(f"no key {after}")
            place = _place(last)
        query = Query(self._keys).where(filter=FieldFilter("place", ">", place))
        query = query.where(filter=FieldFilter("place", "<", f"{folder}~")).order_by("place").limit(limit)
        return [_key(found, found.id) for found in self._store.find(query)]

    def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        """See ``Keys.revoke``."""
        return self._change(key_id, lambda key: keys.revoked(key, now))

    def rotate(self, key_id: str, digest: str, *, old_until: datetime) -> ApiKey:
        """See ``Keys.rotate``."""
        return self._change(key_id, lambda key: keys.rotated(key, digest, old_until))

    def touch(self, key_id: str, *, now: datetime) -> None:
        """See ``Keys.touch``."""

        def decide(found: Found) -> Fields | None:
            used = found.get("data").get("used_at") if found.exists else None
            due = found.exists and keys.is_touch_due(instant_or_none(used), now)
            return {"data.used_at": stamp(now)} if due else None

        self._store.amend(self._reference(key_id), decide)

    def any(self) -> bool:
        """See ``Keys.any``."""
        return bool(self._store.find(Query(self._keys).limit(1)))

    def _change(self, key_id: str, change: Callable[[ApiKey], ApiKey]) -> ApiKey:
        def decide(found: Found) -> Fields | None:
            return {"data.body": change(_key(found, key_id)).model_dump_json()}

        self._store.amend(self._reference(key_id), decide)
        return self.find(key_id)

    def _reference(self, key_id: str) -> DocumentReference:
        if not _ID.fullmatch(key_id):
            raise NotFound(f"no key {key_id[:20]!r}")
        return self._keys.document(key_id)


def _folder(owner: str) -> str:
    return f"{digest_of(['owner', owner])[:24]}/"


def _place(key: ApiKey) -> str:
    """The newest first, and of those made at one moment the greatest id."""
    turned = "".join(chr(ord("~") - ord(letter) + ord("!")) for letter in key.id)
    return f"{_folder(key.owner)}{_LATEST - stamp(key.created_at):017d}/{turned}"


def _key(found: Found, key_id: str) -> ApiKey:
    if not found.exists:
        raise NotFound(f"no key {key_id[:20]!r}")
    data = found.get("data")
    key = ApiKey.model_validate_json(data["body"])
    return key.model_copy(update={"last_used_at": instant_or_none(data.get("used_at"))})
