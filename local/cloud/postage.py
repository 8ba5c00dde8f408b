"""What calls to Pub/Sub cost, counted as they are billed: by byte, with a minimum for each request."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from google.pubsub_v1.types import PublishRequest, PubsubMessage, PullResponse

LEAST_BYTES = 1000


@dataclass
class Postage:
    """
    Messages so far, by topic, and bytes; ``see`` is what a relay tells of each call.

    A delivery is counted as pushed: a request for each message. Acknowledgements are free.
    """

    published: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0
    requests: int = 0
    billed_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def see(self, method: str, request: bytes, answers: list[bytes]) -> None:
        """Count one call."""
        with self._lock:
            if method == "Publish":
                sent = PublishRequest.deserialize(request)
                self.published[sent.topic.rpartition("/")[2]] += len(sent.messages)
                self.requests += 1
                self.billed_bytes += max(LEAST_BYTES, sum(map(_size, sent.messages)))
            if method == "Pull":
                for answer in answers:
                    received = [it.message for it in PullResponse.deserialize(answer).received_messages]
                    self.deliveries += len(received)
                    self.billed_bytes += sum(max(LEAST_BYTES, _size(message)) for message in received)


def _size(message: PubsubMessage) -> int:
    return len(PubsubMessage.serialize(message))
