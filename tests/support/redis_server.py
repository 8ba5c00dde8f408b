"""A real redis-server on a free loopback port, which tests kill and start again."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from local.cloud.child import ADDRESS, Child, accepts, free_port
from tests.support.emulators import REQUIRED


class RedisServer(Child):
    """
    Keeps nothing on disk: what it held is gone when it was killed.

    With ``certified``, files of a certificate and its key, it speaks TLS alone; with a ``password``, only to
    those who know it.
    """

    def __init__(
        self, folder: Path, *, certified: tuple[Path, Path] | None = None, password: str | None = None
    ) -> None:
        port = free_port()
        program = shutil.which("redis-server")
        if program is None:
            raise FileNotFoundError("redis-server is not installed: Debian's package redis-server")
        command = [program, "--bind", ADDRESS, "--save", "", "--appendonly", "no"]
        if certified is None:
            command += ["--port", str(port)]
        else:
            files = "--tls-cert-file", str(certified[0]), "--tls-key-file", str(certified[1])
            command += ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", *files]
        if password is not None:
            command += ["--requirepass", password]
        super().__init__("redis-server", command, ready=partial(accepts, port), log=folder / "redis.log")
        self.url = f"{'redis' if certified is None else 'rediss'}://{ADDRESS}:{port}/0"

    @classmethod
    def installed(
        cls, folder: Path, *, certified: tuple[Path, Path] | None = None, password: str | None = None
    ) -> Self:
        """Not started; without the program the test is skipped, or fails where emulators are required."""
        try:
            return cls(folder, certified=certified, password=password)
        except FileNotFoundError as missing:
            if os.environ.get(REQUIRED) == "1":
                pytest.fail(str(missing))
            pytest.skip(str(missing))


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Running."""
    with RedisServer.installed(tmp_path_factory.mktemp("redis")) as server:
        yield server
