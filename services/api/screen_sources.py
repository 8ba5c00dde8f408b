"""Files of a screen: alignments and libraries, in the body or uploaded before; nothing is fetched."""

import base64
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from shared.models.base import Frozen

UPLOADED = r"^bucket:uploads/"


class Encoded(Frozen):
    """The content itself, in base64; ``media_type`` is not used, as the format is said beside it."""

    type: Literal["base64"]
    data: Annotated[str, Field(min_length=1)]
    media_type: str | None = None

    def text(self) -> str:
        """The content; ValueError if it is no text in base64."""
        try:
            return base64.b64decode(self.data, validate=True).decode()
        except ValueError as error:
            raise ValueError("is no text in base64") from error


class NoAlignment(Frozen):
    """The sequence alone."""

    type: Literal["empty"]


class OwnAlignment(Frozen):
    """An alignment of the user's, for this protein."""

    type: Literal["custom"]
    format: Literal["a3m", "csv"]
    source: Encoded


class Uploaded(Frozen):
    """
    The ``library_uri`` of an upload, which ``POST /api/v3/libraries`` offers.

    No other address is read: what a user names is not fetched from inside.
    """

    type: Literal["url"] = "url"
    url: Annotated[str, Field(pattern=UPLOADED, max_length=400)]


class UploadedMolecules(Frozen):
    """A library of any size and form: csv, tsv, smi or sdf."""

    source: Uploaded


Msa: TypeAlias = Annotated[NoAlignment | OwnAlignment, Field(discriminator="type")]
