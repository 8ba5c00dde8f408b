"""
Dead letters in Firestore.

Of the letters of one message and one subscription only the newest may be open: it is counted when the
message is parked again, and once it is closed the next number is created. Every change names the version
that it saw, so that of racing changes one is made and the others look again.

A replay is marked first and published second, and stays ``unsent_since`` until that is known. Who died in
between left a mark from which ``collect`` publishes; that the message may then come twice hurts nobody.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from google.cloud.firestore import Client

from shared.adapters.gcp.letter_documents import Parcel, closed, counted, opened
from shared.adapters.gcp.letter_shelf import Seen, Shelf
from shared.errors import IllegalMove, NotFound, Unavailable
from shared.events.parked import refuser, sameness, unwrapped
from shared.ports.bus import DeadLetter, LetterState
from shared.ports.world import Clock

if TYPE_CHECKING:
    from shared.adapters.gcp.bus import PubsubBus

MOST_LOOKS = 30
PORTION = 100
FIRST_SECONDS, MORE_SECONDS = 2.0, 1.3
SENDING = timedelta(minutes=1)
"""Whoever marked a replay and has not published it by then is dead."""
KEPT = timedelta(days=90)
"""What is closed, until Firestore's TTL takes it."""


class FirestoreLetters:
    """
    The letters of one database; ``subscriptions`` lists the subscriptions of each topic, ``prefix`` is
    what Pub/Sub knows them by.

    ``bus`` is asked for only where something is published or collected: who just parks needs no Pub/Sub.
    """

    def __init__(
        self,
        client: Client,
        clock: Clock,
        *,
        prefix: str,
        subscriptions: Mapping[str, Sequence[str]],
        bus: "Callable[[], PubsubBus]",
    ) -> None:
        self._shelf = Shelf(client)
        self._clock = clock
        self._prefix = f"{prefix}-"
        self._subscriptions = subscriptions
        self._bus = bus

    def park(self, topic: str, data: bytes, *, reason: str) -> None:
        """See ``DeadLetters.park``."""
        subscription = refuser(data, self._subscriptions.get(topic, ()), prefix=self._prefix)
        self._park(Parcel(topic, subscription, data, reason=reason))

    def letters(
        self,
        *,
        state: LetterState | None,
        limit: int,
        after: str | None = None,
        parked_by: datetime | None = None,
    ) -> list[DeadLetter]:
        """See ``DeadLetters.letters``."""
        behind = None if after is None else self._shelf.seen(after)
        if after is not None and behind is None:
            return []
        found = self._shelf.page(state=state, parked_by=parked_by, limit=limit, after=behind)
        return [seen.letter for seen in found]

    def letter(self, letter_id: str) -> DeadLetter:
        """See ``DeadLetters.letter``."""
        return self._known(letter_id).letter

    def open_letters(self, *, parked_by: datetime | None = None) -> int:
        """See ``DeadLetters.open_letters``."""
        return self._shelf.count(LetterState.OPEN, parked_by=parked_by)

    def replay(self, letter_id: str, *, by: str) -> DeadLetter:
        """See ``DeadLetters.replay``; every subscription of the topic gets the message."""
        for seen in self._looks(letter_id):
            self._message(seen.letter)
            if seen.state is LetterState.DISCARDED:
                raise IllegalMove(f"dead letter {letter_id} was discarded before")
            if seen.state is LetterState.REPLAYED and not self._left_unsent(seen):
                return seen.letter
            if self._send(seen, by=by):
                return self.letter(letter_id)
        raise Unavailable(f"dead letter {letter_id} changes too fast")

    def discard(self, letter_id: str, *, reason: str, by: str) -> DeadLetter:
        """See ``DeadLetters.discard``."""
        for seen in self._looks(letter_id):
            if seen.state is LetterState.REPLAYED:
                raise IllegalMove(f"dead letter {letter_id} was replayed before")
            if seen.state is LetterState.DISCARDED:
                return seen.letter
            now = self._clock.now()
            marks = closed(LetterState.DISCARDED, by=by, remark=reason, now=now, expire_at=now + KEPT)
            self._shelf.change(seen, marks)
        raise Unavailable(f"dead letter {letter_id} changes too fast")

    def collect(self, *, limit: int) -> int:
        """See ``DeadLetters.collect``; what Pub/Sub gave up is acknowledged once it is parked."""
        self._send_unsent(limit)
        bus, taken = self._bus(), 0
        while taken < limit:
            patience = MORE_SECONDS if taken else FIRST_SECONDS
            portion = bus.given_up(limit=min(PORTION, limit - taken), seconds=patience)
            if not portion:
                break
            for it in portion:
                reason = f"given up by Pub/Sub after {it.deliveries} deliveries"
                self._park(Parcel(it.topic, it.subscription, it.data, reason, it.deliveries, it.published_at))
            bus.settle(portion)
            taken += len(portion)
        return taken

    def _park(self, parcel: Parcel) -> None:
        same, now = sameness(parcel.topic, parcel.subscription, parcel.data), self._clock.now()
        for _ in range(MOST_LOOKS):
            newest = self._shelf.newest(same)
            if newest and newest.state is LetterState.OPEN:
                done = self._shelf.change(newest, counted(newest.fields, parcel, now=now))
            else:
                number = newest.fields["number"] + 1 if newest else 0
                done = self._shelf.create(opened(same, number, parcel, now=now))
            if done:
                return
        raise Unavailable(f"a {parcel.topic} message could not be parked: too many try at once")

    def _send_unsent(self, limit: int) -> None:
        for seen in self._shelf.unsent(since=self._clock.now() - SENDING, limit=limit):
            self._send(seen, by=seen.fields["closed_by"])

    def _send(self, seen: Seen, *, by: str) -> bool:
        """Mark the letter and publish its message; nothing, and False, if it has changed since."""
        now, message = self._clock.now(), self._message(seen.letter)
        marks = {"unsent_since": now}
        if seen.state is LetterState.OPEN:
            marks |= closed(LetterState.REPLAYED, by=by, remark=None, now=now, expire_at=now + KEPT)
        if not self._shelf.change(seen, marks):
            return False
        self._bus().send(seen.letter.topic, message)
        self._shelf.sent(seen)
        return True

    def _message(self, letter: DeadLetter) -> bytes:
        parked = unwrapped(letter.data)
        if parked.message is None:
            raise IllegalMove(f"dead letter {letter.id} cannot be sent again: {parked.lack}; discard it")
        if letter.topic not in self._subscriptions:
            raise IllegalMove(f"dead letter {letter.id} is of a topic that is no more; discard it")
        return parked.message

    def _left_unsent(self, seen: Seen) -> bool:
        since: datetime | None = seen.fields.get("unsent_since")
        return since is not None and since <= self._clock.now() - SENDING

    def _looks(self, letter_id: str) -> Iterator[Seen]:
        return (self._known(letter_id) for _ in range(MOST_LOOKS))

    def _known(self, letter_id: str) -> Seen:
        seen = self._shelf.seen(letter_id)
        if seen is None:
            raise NotFound(f"no dead letter {letter_id}")
        return seen
