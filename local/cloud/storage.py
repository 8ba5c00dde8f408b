"""
A Cloud Storage server on one machine, as a process of its own: ``python -m local.cloud.storage --port N``.

It is ``gcp-storage-emulator`` with what it lacks for us: preconditions (see ``preconditions``), many
connections at once, and no rewriting of all metadata at every request. What it does not do: it checks
neither signatures nor the time of signed URLs, keeps no older generations, and serves plain HTTP.
"""

import argparse
import hashlib
import logging
import signal
import sys
import threading
from collections import defaultdict
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

from gcp_storage_emulator import server
from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.storage import Storage

from local.cloud.child import ADDRESS, free_port
from local.cloud.emulators import Emulator
from local.cloud.preconditions import guarded, take_the_last_turn

VARIABLE = "STORAGE_EMULATOR_HOST"


def storage(
    log: Path, *, port: int | None = None, folder: Path | None = None, bucket: str | None = None
) -> Emulator:
    """
    The server as a process; a context manager.

    Objects are kept in memory, or in ``folder``, where their names are written when the server ends as
    it should. ``bucket`` is there from the start.
    """
    port = port or free_port()
    options = ["--port", str(port)]
    options += ["--folder", str(folder.resolve())] if folder else []
    options += ["--bucket", bucket] if bucket else []
    command = (sys.executable, "-m", "local.cloud.storage", *options)
    return Emulator("Cloud Storage", command, port=port, variable=VARIABLE, scheme="http://", log=log)


class Shelf(Storage):  # type: ignore[misc] # the emulator has no types
    """
    The emulator's store; its index is written once, and what is deleted is gone at once.

    ``written`` has the digest (SHA-256) of every content that an object was given, in order.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.written: defaultdict[str, list[str]] = defaultdict(list)

    def create_file(
        self, bucket_name: str, file_name: str, content: bytes, file_obj: Any, file_id: Any = None
    ) -> None:
        """Every object that becomes visible comes by here."""
        super().create_file(bucket_name, file_name, content, file_obj, file_id)
        self.written[file_name].append(hashlib.sha256(content).hexdigest())

    def _write_config_to_file(self) -> None:
        """Nothing yet: written with every request, it makes the n-th request n times as slow."""

    def save(self) -> None:
        """Write the index, without which a folder of objects cannot be read again."""
        super()._write_config_to_file()

    def _bucket_soft_delete_retention_seconds(self, bucket_name: str) -> int:
        return 0


class Conversation(server.RequestHandler):  # type: ignore[misc] # the emulator has no types
    """One connection; it stays open, an answer leaves in one piece, and pages of any origin may ask."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def do_OPTIONS(self) -> None:  # noqa: N802 - the name that the library looks for
        """A browser asks before it sends a file to a signed URL of another origin."""
        self.send_response(204)
        self.send_header("Access-Control-Allow-Methods", "GET, PUT")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def end_headers(self) -> None:
        """With the header that lets a page of another origin read the answer."""
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


class Listener(ThreadingHTTPServer):
    """A thread per connection; the handlers themselves take turns, see ``guarded``."""

    daemon_threads = True
    request_queue_size = 256


def serve(port: int, folder: Path | None, bucket: str | None) -> None:
    """Answer requests until the process is told to end."""
    logging.disable(logging.CRITICAL)  # the emulator reports each object that is not found as an error
    shelf = Shelf(use_memory_fs=folder is None, data_dir=str(folder) if folder else None)
    if bucket:
        create_bucket(bucket, shelf)
    server.HANDLERS = guarded(server.HANDLERS)
    listener = Listener((ADDRESS, port), partial(Conversation, shelf))

    def end(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=listener.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with listener:
        listener.serve_forever()
    take_the_last_turn()  # the threads of open connections go on, and what they call stored has to be stored
    shelf.save()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m local.cloud.storage", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, help="keep the objects here; without it, in memory")
    parser.add_argument("--bucket", help="a bucket that is there from the start")
    given = parser.parse_args()
    serve(given.port, given.folder.resolve() if given.folder else None, given.bucket)


if __name__ == "__main__":
    main()
