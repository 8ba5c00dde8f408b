"""Libraries that are too large for a request: uploaded to the bucket first, then named by URI."""

import itertools
import re
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

from pydantic import Field

from services.submit.request import read_body
from shared.domain.identity import digest
from shared.errors import FieldError, InvalidInput
from shared.models.base import Frozen
from shared.ports.blobs import Blobs
from shared.settings import Settings

SCHEME = "bucket:"
VALID = timedelta(hours=24)
KEPT = timedelta(days=7)
MOST_SWEPT = 100
LONGEST_NAME = 100
_PLACE = r"[0-9T]{15}-[0-9a-f]{32}/[A-Za-z0-9_][A-Za-z0-9_.\-]*"


class Upload(Frozen):
    """The body of ``POST /api/v3/libraries``; ``size``: its bytes, to be refused before they are sent."""

    file_name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1)] | None = None


def offered(body: bytes, settings: Settings, *, owner: str, blobs: Blobs, now: datetime) -> dict[str, Any]:
    """The answer to the ``body`` of an Upload; see ``offer``."""
    return offer(
        read_body(body, Upload, most=settings.most_body_bytes),
        owner=owner,
        chance=uuid4().hex,
        most_bytes=settings.most_library_bytes,
        blobs=blobs,
        now=now,
    )


def offer(
    upload: Upload, *, owner: str, chance: str, most_bytes: int, blobs: Blobs, now: datetime
) -> dict[str, Any]:
    """
    Where to PUT the file, and the URI under which it can be submitted then.

    The name is kept as far as it is safe, as its ending tells the form; ``chance`` makes the URI new.
    Each offer takes away some of the owner's uploads that are older than KEPT: a batch keeps its library
    itself, and an upload is wanted only as long as its order may be repeated.

    Raises:
        InvalidInput: the file is larger than any library may be.
    """
    if upload.size is not None and upload.size > most_bytes:
        message = f"{upload.size:,} bytes are more than a library may have, {most_bytes:,}"
        raise InvalidInput(message, [FieldError("size", message)])
    _sweep(_folder(owner), blobs=blobs, now=now)
    safe = (
        re.sub(r"[^A-Za-z0-9_.-]|\.(?=\.)", "_", upload.file_name)[-LONGEST_NAME:].lstrip(".-") or "library"
    )
    key, until = f"{_folder(owner)}/{now:%Y%m%dT%H%M%S}-{chance}/{safe}", now + VALID
    return {
        "library_uri": f"{SCHEME}{key}",
        "upload_url": blobs.put_url(key, until=until),
        "expires_at": until.isoformat(),
        "kept_until": (now + KEPT).isoformat(),
    }


def key_of(uri: str, owner: str) -> str:
    """The object that a URI names; InvalidInput if it is not among the owner's uploads."""
    key = uri.removeprefix(SCHEME)
    if not uri.startswith(SCHEME) or not re.fullmatch(rf"{_folder(owner)}/{_PLACE}", key):
        message = "is none of your uploads; ask POST /api/v3/libraries for a URI"
        raise InvalidInput(f"library.uri {message}", [FieldError("library.uri", message)])
    return key


def _folder(owner: str) -> str:
    return f"uploads/{digest(['owner', owner])[:16]}"


def _sweep(folder: str, *, blobs: Blobs, now: datetime) -> None:
    """Keys begin with the time of the offer, so the oldest come first."""
    oldest = f"{folder}/{now - KEPT:%Y%m%dT%H%M%S}"
    first = itertools.islice(blobs.list(f"{folder}/"), MOST_SWEPT)
    blobs.delete_many(list(itertools.takewhile(lambda key: key < oldest, first)))
