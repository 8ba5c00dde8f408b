"""Where the rows of an order come from: its body, a text in its body, an upload, or its task."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from services.submit import forms, items
from services.submit.entries import Entry
from services.submit.library import from_json
from services.submit.needs import kind_of
from services.submit.request import Order
from services.submit.text import lines, opened
from services.submit.uploads import key_of
from shared.catalogue.entry import ModelEntry
from shared.errors import FieldError, InvalidInput, NotFound
from shared.models.batch import RowKind
from shared.ports.blobs import Blobs
from shared.settings import Settings

MOST_LABELS = 1_000
OTHERS: Mapping[RowKind, str] = {"variant": "variants", "design": "num_designs", "target": "task_type"}


@dataclass(frozen=True)
class Limits:
    """How large a library may be: bytes of text, decompressed, and rows."""

    most_bytes: int
    most_rows: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits of this installation."""
        return cls(settings.most_library_bytes, settings.most_library_rows)


@dataclass(frozen=True)
class Source:
    """
    What an order is about. ``field`` is its path in the body, for errors.

    ``kind`` is that of its rows; ``per_job``: how many designs a job takes.
    ``digest``: SHA-256 of an upload, which stands for it in the fingerprint of the order.
    """

    order: Order
    field: str
    kind: RowKind = "ligand"
    per_job: int = 1
    key: str | None = None
    digest: str | None = None

    @classmethod
    def of(cls, order: Order, model: ModelEntry, *, owner: str, blobs: Blobs) -> Self:
        """Raise InvalidInput for what the task does not take, and for an upload that is not the owner's."""
        kind = kind_of(order)
        if kind != "ligand":
            return cls(order, OTHERS[kind], kind, model.designs_per_job)
        if order.ligands is not None:
            return cls(order, "ligands")
        if order.library is None or order.library.uri is None:
            return cls(order, "library.content")
        key = key_of(order.library.uri, owner)
        try:
            return cls(order, "library.uri", key=key, digest=blobs.stat(key).sha256)
        except NotFound as error:
            message = "there is nothing at this URI; PUT the file to its upload URL first"
            raise InvalidInput(f"library.uri: {message}", [FieldError("library.uri", message)]) from error

    @contextmanager
    def entries(self, limits: Limits, *, blobs: Blobs) -> Iterator[Iterator[Entry]]:
        """The rows, as they are read; ValueError inside if the library as a whole cannot be used."""
        library = self.order.library
        if library is None:
            yield self._listed()
            return
        content = (library.content or "").encode(errors="surrogatepass")
        pieces = [content] if self.key is None else self._unchanged(blobs.stream(self.key))
        with rows(pieces, self.form, limits) as found:
            yield found

    def _listed(self) -> Iterator[Entry]:
        match self.kind:
            case "ligand":
                return from_json(self.order.ligands or [])
            case "variant":
                return items.variants(self.order.variants or [])
            case "design":
                return items.designs(self.order.num_designs or 0, per_job=self.per_job)
            case "target":
                return items.target(self.order.protein_name)

    def _unchanged(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of the upload; whoever holds its link may replace it while it is read."""
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
            yield piece
        if digest.hexdigest() != self.digest:
            raise ValueError("the upload was replaced while it was read; submit again")

    @property
    def form(self) -> forms.Form | None:
        """The form that the order or the name of the upload tells; None: its beginning will."""
        given = self.order.library.format if self.order.library is not None else None
        return given or (forms.form_of_name(self.key) if self.key else None)


@contextmanager
def rows(pieces: Iterable[bytes], form: forms.Form | None, limits: Limits) -> Iterator[Iterator[Entry]]:
    """The rows of a library file, gzip or not, of this form or of the one that its beginning tells."""
    with opened(pieces, most_bytes=limits.most_bytes) as text:
        found = lines(text)
        head = list(itertools.islice(found, forms.HEAD_LINES))
        read = forms.READERS[form or forms.guess(head)]
        yield _limited(read(itertools.chain(head, found)), limits.most_rows)


def _limited(entries: Iterator[Entry], most: int) -> Iterator[Entry]:
    """The rows; their labels are bounded too, as each becomes a column of the results."""
    labels = set[str]()
    for number, entry in enumerate(entries, start=1):
        if number > most:
            raise ValueError(f"has more than {most:,} rows, which is all that is accepted; split it")
        labels.update(entry.data)
        if len(labels) > MOST_LABELS:
            raise ValueError(f"names more than {MOST_LABELS:,} columns, which is all that is accepted")
        yield entry
