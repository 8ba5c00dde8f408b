"""
A folder as object store.

A put writes a hidden temporary file beside the target, syncs it and renames it: an object is there
whole or not at all. Signed URLs point at the embedded server, which checks them with ``check_url``.
"""

import contextlib
import ctypes
import errno
import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from shared.errors import NotAllowed, NotFound, Unavailable
from shared.ports.blobs import Stat, names_in
from shared.ports.world import Key

_PIECE = 1 << 20
_TEMPORARY = ".part-"
GROUP_OBJECTS, GROUP_BYTES = 1024, 16 << 20
ABANDONED_SECONDS = 3600.0


class FolderBlobs:
    """Objects as files under ``root``; ``base_url`` serves them to holders of a signed URL."""

    def __init__(
        self, root: Path, *, base_url: str, keys: Callable[[], Iterable[Key]], fsync: bool = True
    ) -> None:
        self.root = root
        self._base_url = base_url
        self._keys = keys
        self._fsync = fsync

    def put(self, key: str, content: bytes | Iterable[bytes]) -> Stat:
        """See ``Blobs.put``."""
        path = self._path(key)
        with _translated(key):
            self._clear_abandoned(path.parent)
            temporary, size, digest = self._write(path, content, fsync=self._fsync)
            os.replace(temporary, path)
            self._sync_folder(path.parent)
        return Stat(key, size, digest)

    def put_many(self, items: Iterable[tuple[str, bytes]]) -> Iterator[Stat]:
        """
        See ``Blobs.put_many``.

        A group is written, brought to disk, renamed and brought to disk again by ``syncfs``, which on
        Linux waits for the disk, its cache included, and since 5.8 tells of errors: as durable as one
        ``fsync`` per file and folder, at a few milliseconds per group instead of ten per object.
        """
        group, size = dict[str, bytes](), 0
        for key, content in items:
            if key in group or len(group) >= GROUP_OBJECTS or size >= GROUP_BYTES:
                yield from self._put_group(group)
                group, size = {}, 0
            group[key] = content
            size += len(content)
        yield from self._put_group(group)

    def _put_group(self, group: Mapping[str, bytes]) -> list[Stat]:
        if not group:
            return []
        written = list[tuple[Path, Path, Stat]]()
        try:
            for key, content in group.items():
                path = self._path(key)
                with _translated(key):
                    temporary, size, digest = self._write(path, content, fsync=False)
                written.append((temporary, path, Stat(key, size, digest)))
            with _translated(next(iter(group))):
                self._sync_file_system()
                for temporary, path, _ in written:
                    os.replace(temporary, path)
                self._sync_file_system()
        except BaseException:
            for temporary, _, _ in written:
                temporary.unlink(missing_ok=True)
            raise
        return [stat for _, _, stat in written]

    def put_if_absent(self, key: str, content: bytes | Iterable[bytes]) -> bool:
        """See ``Blobs.put_if_absent``."""
        path = self._path(key)
        if path.exists():
            return False
        with _translated(key):
            self._clear_abandoned(path.parent)
            temporary, _, _ = self._write(path, content, fsync=self._fsync)
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
            finally:
                temporary.unlink()
            self._sync_folder(path.parent)
        return True

    def get(self, key: str) -> bytes:
        """See ``Blobs.get``."""
        with _translated(key):
            return self._path(key).read_bytes()

    def stream(self, key: str) -> Iterator[bytes]:
        """See ``Blobs.stream``."""
        with _translated(key):
            source = self._path(key).open("rb")

        def pieces() -> Iterator[bytes]:
            with source:
                yield b""
                yield from iter(lambda: source.read(_PIECE), b"")

        begun = pieces()
        next(begun)  # from here on whoever lets go of it closes the file, also without a first read
        return begun

    def stat(self, key: str) -> Stat:
        """See ``Blobs.stat``; the digest is computed from the bytes on disk."""
        digest, size = hashlib.sha256(), 0
        for piece in self.stream(key):
            digest.update(piece)
            size += len(piece)
        return Stat(key, size, digest.hexdigest())

    def list(self, prefix: str) -> Iterator[str]:
        """See ``Blobs.list``."""
        folder = self._path(prefix.rstrip("/"))
        files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        # As text, like every object store: "a.json" stands before "a/b", which paths sort the other way.
        yield from sorted(path.relative_to(self.root).as_posix() for path in files)

    def delete(self, key: str) -> None:
        """See ``Blobs.delete``."""
        with contextlib.suppress(NotFound), _translated(key):
            self._path(key).unlink()

    def delete_many(self, keys: Iterable[str]) -> None:
        """See ``Blobs.delete_many``; a folder has nothing to wait for."""
        for key in keys:
            self.delete(key)

    def get_url(self, key: str, *, until: datetime) -> str:
        """See ``Blobs.get_url``."""
        return self._signed_url("GET", key, until)

    def put_url(self, key: str, *, until: datetime) -> str:
        """See ``Blobs.put_url``."""
        return self._signed_url("PUT", key, until)

    def check_url(self, method: str, key: str, expires: str, signature: str, *, now: datetime) -> None:
        """Raise NotAllowed unless the URL was signed by us for this method and key, and is not stale."""
        if not re.fullmatch(r"[0-9]{1,12}", expires) or int(expires) < now.timestamp():
            raise NotAllowed("this link has expired")
        given = signature.encode()
        macs = (_url_mac(item.secret, method, key, int(expires)).encode() for item in self._keys())
        if not any(hmac.compare_digest(given, mac) for mac in macs):
            raise NotAllowed("this link was not signed for that")

    def _signed_url(self, method: str, key: str, until: datetime) -> str:
        """A key is made of characters that need no quoting: several of these are made for each ligand."""
        names_in(key)
        expires = int(until.timestamp())
        mac = _url_mac(next(iter(self._keys())).secret, method, key, expires)
        return f"{self._base_url}/objects/{key}?expires={expires}&signature={mac}"

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*names_in(key))

    def _write(self, path: Path, content: bytes | Iterable[bytes], *, fsync: bool) -> tuple[Path, int, str]:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{_TEMPORARY}{uuid4().hex}")
        digest, size = hashlib.sha256(), 0
        try:
            with temporary.open("xb") as target:
                for piece in (content,) if isinstance(content, bytes) else content:
                    target.write(piece)
                    digest.update(piece)
                    size += len(piece)
                target.flush()
                if fsync:
                    os.fsync(target.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary, size, digest.hexdigest()

    def _clear_abandoned(self, folder: Path) -> None:
        """Remove temporary files of processes that were killed: nobody wrote to them for an hour."""
        with contextlib.suppress(FileNotFoundError), os.scandir(folder) as found:
            for file in found:
                if file.name.startswith(_TEMPORARY):
                    with contextlib.suppress(FileNotFoundError):
                        if file.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                            os.unlink(file)

    def _sync_file_system(self) -> None:
        """Make all that was written so far durable."""
        if not self._fsync:
            return
        handle = os.open(self.root, os.O_RDONLY)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.syncfs(handle) != 0:
                raise OSError(ctypes.get_errno(), "syncfs failed")
        finally:
            os.close(handle)

    def _sync_folder(self, folder: Path) -> None:
        """Make the rename itself durable."""
        if not self._fsync:
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _url_mac(secret: bytes, method: str, key: str, expires: int) -> str:
    return hmac.digest(secret, f"{method}\n{key}\n{expires}".encode(), "sha256").hex()


class _translated:  # noqa: N801 - reads as a statement
    """Turn the file system's errors into ours."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
            raise NotFound(f"no object {self._key}") from error
        if isinstance(error, OSError):
            name = errno.errorcode.get(error.errno or 0, "error")
            raise Unavailable(f"the object store refused {self._key}: {name}") from error
