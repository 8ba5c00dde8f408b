"""What a local Cloud Storage server was asked for: as Google would bill it, and what was written."""

from collections.abc import Callable, Mapping
from typing import Any

from gcp_storage_emulator.handlers import objects

Handler = Callable[..., None]


class Bill:
    """How many operations of each class were asked for, as Google's price list counts them."""

    LINES: Mapping[Handler, str] = {
        **dict.fromkeys((objects.insert, objects.xml_upload, objects.ls, objects.patch), "class_a"),
        **dict.fromkeys((objects.compose, objects.copy, objects.rewrite), "class_a"),
        **dict.fromkeys((objects.get, objects.download), "class_b"),
        objects.upload_partial: "part_of_another",
    }

    def __init__(self) -> None:
        self._counts = dict.fromkeys(("class_a", "class_b", "part_of_another", "free"), 0)

    def line(self, handler: Handler) -> Callable[[], None]:
        """What notes one operation of this handler."""
        name = self.LINES.get(handler, "free")

        def note() -> None:
            self._counts[name] += 1

        return note

    def show(self, request: Any, response: Any, storage: Any) -> None:
        """``GET /operations``: the counts since the server was started."""
        response.json(self._counts)


def writes(request: Any, response: Any, storage: Any) -> None:
    """``GET /writes?prefix=``: the digests of all that was written, by key, since the server was started."""
    [prefix] = request.query.get("prefix", [""])
    response.json({key: found for key, found in storage.written.items() if key.startswith(prefix)})
