"""What owners have used, in Firestore: one record each, which few write and seldom at once."""

import random
import time

from google.cloud.firestore import Client, DocumentReference, WriteBatch

from shared.adapters.gcp.store import MOST_TRIES, Found, Store, new_hand
from shared.domain.identity import digest
from shared.errors import NotFound, Unavailable
from shared.models.consumption import Consumption
from shared.ports.consumptions import Decide


class FirestoreConsumptions:
    """The ``Consumptions`` of the cloud backend."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._store = Store(client)

    def consumption(self, owner: str) -> Consumption:
        """See ``Consumptions.consumption``."""
        return _consumption(self._store.get(self._record(owner)))

    def change(self, owner: str, decide: Decide) -> Consumption:
        """See ``Consumptions.change``; as often as others are faster."""
        hand, record = new_hand(), self._record(owner)
        for number in range(MOST_TRIES):
            found = self._store.get(record)
            before = _consumption(found)
            if found.exists and found.get("data")["hand"] == hand:
                return before  # the answer of our own commit was lost
            after = decide(before)
            if after == before or self._written(found, {"body": after.model_dump_json(), "hand": hand}):
                return after
            time.sleep(random.uniform(0, 0.002 * number))
        raise Unavailable(f"{record.path} was changed by others {MOST_TRIES} times")

    def _record(self, owner: str) -> DocumentReference:
        return self._client.document("consumptions", digest(owner)[:24])

    def _written(self, found: Found, data: dict[str, str]) -> bool:
        def write(batch: WriteBatch) -> None:
            if found.exists:
                self._store.if_unchanged(batch, found.reference, found.update_time, {"data": data})
            else:
                batch.create(found.reference, {"data": data})

        try:
            return self._store.tried(write) is not None
        except NotFound:  # somebody removed it, which the next look shows
            return False


def _consumption(found: Found) -> Consumption:
    return Consumption.model_validate_json(found.get("data")["body"]) if found.exists else Consumption()
