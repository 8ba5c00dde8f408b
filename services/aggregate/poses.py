"""``ranked.sdf``: the best pose of every ranked ligand, best ligand first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from services.aggregate.documents import BatchRecord
from services.aggregate.tables import POSES, Table
from shared.errors import NotFound
from shared.ports.blobs import Blobs

END = b"$$$$"
VERDICTS = (
    "pocket",
    "pocket_distance",
    "pocket_centroid_distance",
    "contacts",
    "pose_valid",
    "failed_checks",
)


@dataclass
class RankedPoses:
    """Made as it is read: ``records`` so far, and ranked ligands without a pose that can be read."""

    record: BatchRecord
    table: Table
    blobs: Blobs
    records: int = 0
    missing: int = 0

    def document(self) -> Iterator[bytes]:
        """The SDF: each pose as the model left it, with the fields of its rank."""
        self.records = self.missing = 0
        ranked = ((row, files) for row, files in self.table.rows() if row["duplicate_of"] is None)
        for row, files in islice(ranked, self.table.ranked):
            pose = self._first(files)
            if pose is None:
                self.missing += 1
                continue
            self.records += 1
            yield pose + _data(self._fields(row)) + END + b"\n"

    def told(self) -> dict[str, Any]:
        """What ``manifest.json`` says of it."""
        if not self.table.poses:
            reason = f"{self.record.model.id} left no {POSES} for any ranked ligand"
            if not self.table.ranked:
                reason = f"nothing was ranked: no result has {self.record.model.ranking.key}"
            return {"file": None, "records": 0, "missing": self.table.ranked, "reason": reason}
        file = "results/ranked.sdf"
        return {"file": file, "records": self.records, "missing": self.missing, "reason": None}

    def _first(self, files: list[dict[str, Any]]) -> bytes | None:
        """The first record of the ligand's poses up to its end; the poses are stored best first."""
        key = next((file["key"] for file in files if file["name"] == POSES), None)
        if key is None:
            return None
        try:
            content = self.blobs.get(key)
        except NotFound:  # lost since: the audit of the batch names it
            return None
        first = content.replace(b"\r\n", b"\n").partition(b"\n" + END)[0].rstrip(b"\n") + b"\n"
        if b"\nM  END\n" not in first:
            return None
        return first if first.endswith(b"M  END\n") else first + b"\n"

    def _fields(self, row: Mapping[str, Any]) -> dict[str, Any]:
        ranking = self.record.ranking()
        return {
            "rank": row["rank"],
            "score": row["metrics"].get(ranking["key"], row.get(ranking["key"])),
            "score_key": ranking["key"],
            "score_unit": ranking["unit"],
            "job_id": row["job_id"],
            "ligand_name": row["ligand_name"],
            "smiles": row["ligand_smiles"],
            "score_direction": ranking["direction"],
            "seed": row["seed"],
            "model": self.record.model.id,
            "model_version": self.record.batch.model_version,
            **{name: row["metrics"].get(name) for name in VERDICTS},
        }


def _data(fields: Mapping[str, Any]) -> bytes:
    """Data items, none for null; no value can end its item or the record."""
    told = {name: value for name, value in fields.items() if value not in (None, "")}
    return "".join(f"> <{name}>\n{_value(value)}\n\n" for name, value in told.items()).encode()


def _value(value: Any) -> str:
    text = "".join(it for it in " ".join(str(value).split()) if it.isprintable())
    return f" {text}" if text.startswith((">", "$$$$")) else text
