"""Reading an input as in a process of its own, at the price of a copy of one."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.boltz2 import parse_server
from modal_gpu.predictors.boltz2.failures import of_reading
from modal_gpu.predictors.boltz2.parse_server import Reply, Request
from modal_gpu.predictors.boltz2.randomness import Generators
from shared.models.work import FailureClass

LONGEST_READING = 900.0
LOGGED = 64 * 1024


class Parsing:
    """The server of ``parse_server``, started ahead and again if it should die."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        """The server, which needs some seconds before it answers."""
        if self._server is None or self._server.poll() is not None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", parse_server.__name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        return self._server

    def close(self) -> None:
        """End the server."""
        server, self._server = self._server, None
        if server is None:
            return
        for pipe in (server.stdin, server.stdout):
            assert pipe is not None, "both were asked for"
            pipe.close()
        server.kill()
        server.wait()

    def read(
        self,
        input_file: Path,
        results: Path,
        *,
        molecules: Path,
        max_msa_seqs: int,
        seed: int,
        seconds: float | None,
    ) -> Generators:
        """
        Read the input into ``results/processed``; how the generators stand then.

        What is printed meanwhile is printed here, the middle of a long text left out.

        Raises:
            PredictionFailed: the input is refused, or reading it does not end.
        """
        most = LONGEST_READING if seconds is None else seconds
        with tempfile.TemporaryDirectory() as folder:
            log, generators = Path(folder, "log"), Path(folder, "generators")
            request = Request(
                input_file=str(input_file),
                results=str(results),
                molecules=str(molecules),
                max_msa_seqs=max_msa_seqs,
                seed=seed,
                log=str(log),
                generators=str(generators),
                seconds=most,
            )
            reply = self._ask(request)
            said = _ends(log)
            print(said, end="")
            if not (results / "processed" / "records" / f"{input_file.stem}.json").exists():
                raise _failure(reply, said, most)
            return Generators.unpacked(generators.read_bytes())

    def _ask(self, request: Request) -> Reply:
        server = self.start()
        assert server.stdin is not None, "asked for"
        assert server.stdout is not None, "asked for"
        try:
            server.stdin.write(json.dumps(asdict(request)) + "\n")
            server.stdin.flush()
            answer = server.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.close()
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, "the process that reads inputs has ended")
        return Reply(**json.loads(answer))


def _failure(reply: Reply, said: str, seconds: float) -> PredictionFailed:
    if reply.overtime:
        return PredictionFailed(FailureClass.TIMEOUT, f"reading the input took more than {seconds:.0f} s")
    if reply.status < 0:
        reason = f"the model died of signal {-reply.status} while it read the input"
        return PredictionFailed(FailureClass.MODEL_ERROR, reason)
    return of_reading(said).failure()


def _ends(log: Path) -> str:
    """The text; of a longer one, its beginning and its end."""
    content = log.read_bytes() if log.exists() else b""
    if len(content) > LOGGED:
        content = content[: LOGGED // 2] + b"\n[...]\n" + content[-LOGGED // 2 :]
    return content.decode(errors="replace")
