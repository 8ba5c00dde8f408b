"""logs.txt: what one run was asked, what it said, how it ended. A file of its own for each attempt."""

import json

from shared.models.work import Envelope, WorkOrder

LONGEST_PARAMETERS = 16 * 1024
# The figures stand in results.json; the log is about how they came to be.
RULE = "-" * 72


def run_log(order: WorkOrder, envelope: Envelope, said: bytes) -> bytes:
    """The file's bytes. It has times in it, so that two runs of one order never give the same."""
    lines = [f"{name:<12} {_line(value)}" for name, value in _head(order, envelope).items()]
    text = "\n".join([*lines, "", f"{RULE} said by the run", ""])
    end = "\n".join(["" if said.endswith(b"\n") or not said else "\n", f"{RULE} end", _end(envelope), ""])
    return text.encode() + said.decode(errors="replace").encode() + end.lstrip("\n").encode()


def _head(order: WorkOrder, envelope: Envelope) -> dict[str, str]:
    ref = order.ref
    return {
        "job": f"{ref.job_id} of {ref.batch_id}",
        **_subject(order),
        "protein": order.protein_name,
        "model": f"{order.model}, {order.task_type}" + (", a test model" if envelope.test_model else ""),
        "versions": ", ".join(f"{k} {v}" for k, v in sorted(envelope.versions.items())) or "see below",
        "attempt": f"{ref.attempt} of round {ref.round}",
        "call": envelope.call_id or "unknown",
        "machine": envelope.machine or "unknown",
        "seed": f"{order.seed}, of the search {order.search_seed}",
        "parameters": json.dumps(dict(order.parameters), sort_keys=True)[:LONGEST_PARAMETERS],
        "inputs": ", ".join(f"{name} (SHA-256 {it.sha256})" for name, it in order.inputs.items()) or "none",
        "time limit": f"{order.timeout_seconds} s",
        "started": envelope.started_at.isoformat(),
    }


def _subject(order: WorkOrder) -> dict[str, str]:
    if order.smiles is not None:
        return {"ligand": f"{order.ligand_name}: {order.smiles}"}
    return {"item": f"{order.ligand_name}: {json.dumps(dict(order.item), sort_keys=True)}"}


def _end(envelope: Envelope) -> str:
    after = f"after {envelope.seconds:.3f} s, at {envelope.finished_at.isoformat()}"
    if envelope.failure is None:
        files = "".join(f"\nstored       {it.name}: {it.size} bytes" for it in envelope.artefacts)
        return f"succeeded {after}{files}"
    return f"failed {after}\n{envelope.failure.kind.value}: {envelope.failure.message}"


def _line(value: str) -> str:
    return " ".join(value.split())
