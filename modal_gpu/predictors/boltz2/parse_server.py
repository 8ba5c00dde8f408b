"""
The process in which inputs are read: ``python -m modal_gpu.predictors.boltz2.parse_server``.

Reading an input makes the ligand's first conformer with RDKit, whose generator cannot be set back from
Python and goes on from ligand to ligand. So each input is read in a copy of a process that has imported
the model and done nothing else. A copy can also be ended when it takes too long, or die, with no harm.

Requests come as lines of JSON on stdin, answers go as lines of JSON to stdout.
"""

import ctypes
import json
import os
import select
import signal
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
DONE, FAILED = 0, 1


@dataclass(frozen=True)
class Request:
    """
    One input: where it is, where its results go, and how long that may take.

    What is printed goes to ``log``, and how the random generators stand afterwards to ``generators``.
    """

    input_file: str
    results: str
    molecules: str
    max_msa_seqs: int
    seed: int
    log: str
    generators: str
    seconds: float


@dataclass(frozen=True)
class Reply:
    """How a reading ended: by itself, by a signal, or because its time was over."""

    status: int
    overtime: bool = False


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Until the requests end."""
    import boltz.main  # noqa: F401  what each copy has at hand

    for line in requests:
        answers.write(json.dumps(asdict(_read_apart(Request(**json.loads(line))))) + "\n")
        answers.flush()


def _read_apart(request: Request) -> Reply:
    copy = os.fork()
    if not copy:
        _as_copy(request)
    handle = os.pidfd_open(copy)
    try:
        ended, _, _ = select.select([handle], [], [], request.seconds)
        if not ended:
            os.kill(copy, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
    finally:
        os.close(handle)
    return Reply(status, overtime=not ended)


def _as_copy(request: Request) -> None:
    """What a copy does before it ends, without what Python does at its end: it is not its own to do."""
    status = FAILED
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        log = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log, stream.fileno())
        _read(request)
        status = DONE
    except BaseException:  # whatever it is, this copy must not go on as the server
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _read(request: Request) -> None:
    """Just what the command line does, in its order."""
    import torch
    from boltz.main import check_inputs, process_inputs
    from pytorch_lightning import seed_everything
    from rdkit import Chem

    from modal_gpu.predictors.boltz2.randomness import Generators

    torch.set_grad_enabled(False)
    Chem.SetDefaultPickleProperties(Chem.PropertyPickleOptions.AllProps)
    seed_everything(request.seed)
    results = Path(request.results)
    process_inputs(
        data=check_inputs(Path(request.input_file)),
        out_dir=results,
        ccd_path=Path(request.molecules).with_name("ccd.pkl"),
        mol_dir=Path(request.molecules),
        msa_server_url="",
        msa_pairing_strategy="greedy",
        max_msa_seqs=request.max_msa_seqs,
        boltz2=True,
        preprocessing_threads=1,
    )
    Path(request.generators).write_bytes(Generators.now().packed())


if __name__ == "__main__":
    serve(sys.stdin, os.fdopen(os.dup(1), "w"))
