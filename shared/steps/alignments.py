"""
The alignments that batches need: whether they are there, and asking for those that are not.

An alignment belongs to a sequence, not to a batch: it is searched once, by ``align``, and lies under the
digest of where it was searched and that of the sequence. It never changes.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar

from shared.domain.alignments import folder, form_of, sequence_digest, source_digest
from shared.errors import NotFound
from shared.events.messages import AlignmentWanted
from shared.models.alignment import Alignment, Futile, Wish
from shared.models.base import Frozen
from shared.models.batch import Batch, StoredInput
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.settings import Settings

HOLDS = timedelta(minutes=5)
"""How long nobody searches again what was searched in vain."""

_CACHED = 256
R = TypeVar("R", bound=Frozen)


@dataclass(frozen=True)
class Standing:
    """
    How it stands with a batch's alignments: the ``files`` there are, by input name; digests of the
    sequences whose alignment is ``missing``; and why there will be none for now.
    """

    files: Mapping[str, StoredInput] = field(default_factory=dict)
    missing: Sequence[str] = ()
    futile: str | None = None

    @property
    def waits(self) -> bool:
        """Whether a search has to end before a ligand can be started."""
        return bool(self.missing) and self.futile is None

    def sentence(self) -> str | None:
        """What is waited for, as a user reads it."""
        count = len(self.missing)
        return f"alignment of {count} sequence{'s'[: count > 1]}" if self.waits else None


def source_of(settings: Settings) -> str | None:
    """The digest of where and how an installation searches; None: nowhere."""
    if not settings.msa_server:
        return None
    return source_digest(settings.msa_server, settings.msa_mode, settings.msa_depth)


class Alignments:
    """
    Looks into the store; alignments that were seen stay in memory, as they never change.

    ``source``: where this installation searches; None: nowhere. ``quiet``: how long a message may be
    silent before it is repeated.
    """

    def __init__(self, blobs: Blobs, *, source: str | None, quiet: timedelta) -> None:
        self.source = source
        self._blobs = blobs
        self._quiet = quiet
        self._cache: OrderedDict[str, Alignment] = OrderedDict()
        self._lock = Lock()

    def look(self, batch: Batch, *, now: datetime) -> Standing:
        """How it stands; a batch whose alignments were seen before, or that needs none, costs no read."""
        places = {name: place(batch, sequence) for name, sequence in batch.alignments.items()}
        found = {it: self.found(it) for it in sorted(set(places.values()))}
        missing = [it for it, alignment in found.items() if alignment is None]
        reasons = [futile.reason for it in missing if (futile := self.futile(it, now=now))]
        files = {
            name: it.files[form_of(name)] for name, at in places.items() if (it := found[at]) is not None
        }
        return Standing(files, [it.rpartition("/")[2] for it in missing], reasons[0] if reasons else None)

    def found(self, at: str) -> Alignment | None:
        """The alignment at a place."""
        with self._lock:
            if at in self._cache:
                self._cache.move_to_end(at)
                return self._cache[at]
        alignment = read_alignment(self._blobs, at)
        if alignment is not None:
            with self._lock:
                self._cache[at] = alignment
                if len(self._cache) > _CACHED:
                    self._cache.popitem(last=False)
        return alignment

    def futile(self, at: str, *, now: datetime) -> Futile | None:
        """The last search at a place, if it was in vain and not long ago."""
        futile = _read(self._blobs, f"{at}/failure.json", Futile)
        return futile if futile is not None and now < futile.failed_at + HOLDS else None

    def want(self, batch: Batch, missing: Sequence[str], *, bus: Bus, now: datetime) -> list[AlignmentWanted]:
        """
        Have the batch go on once these are there; what was published, which is nothing if it was lately.

        The wish is stored first, and published even if the search ended meanwhile: ``align`` may have
        looked for wishes a moment before.
        """
        wanted = []
        for sequence in missing:
            key = _wish(batch, sequence)
            wish = _read(self._blobs, key, Wish)
            if wish is None or wish.asked_at <= now - self._quiet:
                self._blobs.put(key, Wish(asked_at=now).model_dump_json().encode())
                wanted.append(AlignmentWanted(batch_id=batch.batch_id, sequence=sequence))
        if wanted:
            bus.publish(wanted)
        return wanted

    def waiting(self, at: str) -> Iterator[str]:
        """The ids of the batches that wait for the alignment at a place."""
        return (key.rpartition("/")[2] for key in self._blobs.list(f"{at}/waiting/"))

    def unwish(self, at: str, batch_id: str) -> None:
        """The batch no longer waits there."""
        self._blobs.delete(f"{at}/waiting/{batch_id}")


def place(batch: Batch, sequence: str) -> str:
    """Where the alignment of a sequence of the batch is kept."""
    assert batch.alignment_source is not None, "a batch that needs alignments says where from"
    return folder(batch.alignment_source, sequence_digest(sequence))


def places(batch: Batch) -> set[str]:
    """Where all alignments of the batch are kept."""
    return {place(batch, sequence) for sequence in batch.alignments.values()}


def _wish(batch: Batch, sequence: str) -> str:
    assert batch.alignment_source is not None, "a batch that needs alignments says where from"
    return f"{folder(batch.alignment_source, sequence)}/waiting/{batch.batch_id}"


def read_alignment(blobs: Blobs, at: str) -> Alignment | None:
    """The alignment at a place, and where it comes from."""
    return _read(blobs, f"{at}/meta.json", Alignment)


def _read(blobs: Blobs, key: str, kind: type[R]) -> R | None:
    try:
        return kind.model_validate_json(blobs.get(key))
    except NotFound:
        return None
