"""What a batch left in the object store, with all that may differ between two runs taken out."""

import csv
import gzip
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet

from shared.domain import provenance
from shared.ports.blobs import Blobs

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?")
SPAN = re.compile(r"\[? *\b\d+\.\d{3} s\b\]?")
SAID = re.compile(r"^-+ said by the run$.*^-+ end$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"call_[0-9a-f]{32}")
MEASURED = {"execution_time", "avg_execution_time", "total_execution_time", "run_seconds"}
MEASURED |= {"actual_seconds", "estimated_seconds"}
"""How long it took, and how long it was to take with the workers there are."""


def everything(blobs: Blobs, batch_id: str) -> dict[str, Any]:
    """Every object of the batch by its name, as a document; ids, times and durations made equal."""
    ids = names_of(json.loads(blobs.get(f"batches/{batch_id}/batch_results.json")))
    found = blobs.list(f"batches/{batch_id}/")
    return {_named(key, ids): plain(_document(key, blobs.get(key)), ids) for key in found}


def names_of(results: Mapping[str, Any]) -> dict[str, str]:
    """What stands for each random id: a job is known by its place."""
    jobs = {job["job_id"]: f"job {job['index']}" for job in results["jobs"]}
    return {**jobs, results["batch_id"]: "the batch"}


def plain(value: Any, ids: Mapping[str, str]) -> Any:
    """The value without what is particular to one run; the hash of a file says the same as its content."""
    match value:
        case dict() if {"name", "key", "size", "sha256"} <= set(value):
            return plain({"name": value["name"], "key": value["key"]}, ids)
        case dict():
            return {_named(name, ids): plain(it, ids) for name, it in value.items() if name not in MEASURED}
        case list():
            return [plain(it, ids) for it in value]
        case str():
            return _named(CALL.sub("a call", SPAN.sub(" a while", TIME.sub("a time", value))), ids)
    return value


def _named(text: str, ids: Mapping[str, str]) -> str:
    for id, name in ids.items():
        text = text.replace(id, name)
    return text


def _statement(envelope: bytes) -> dict[str, Any]:
    """What is signed, without what stands for the bytes of a manifest that has times in it."""
    payload, _ = provenance.opened(envelope)
    said: dict[str, Any] = json.loads(payload)
    about = {name: it for name, it in said["predicate"].items() if name != "size"}
    return {**said, "subject": [it["name"] for it in said["subject"]], "predicate": about}


def _document(key: str, content: bytes) -> Any:
    if key.endswith(provenance.SIGNATURE):
        return _statement(content)
    if key.endswith(".gz"):
        key, content = key.removesuffix(".gz"), gzip.decompress(content)
    match key.rpartition(".")[2]:
        case "parquet":
            table = pyarrow.parquet.read_table(io.BytesIO(content))
            return {
                "schema": str(table.schema),
                "rows": json.loads(json.dumps(table.to_pylist(), default=str)),
            }
        case "json":
            return json.loads(content)
        case "jsonl":
            return [json.loads(line) for line in content.splitlines()]
        case "csv":
            return list(csv.DictReader(io.StringIO(content.decode())))
    text = content.decode()
    # What a run says depends on which ligand was the first of its process, and so made the maps.
    return (SAID.sub("", text) if key.endswith("/logs.txt") else text).splitlines()
