"""An older job document as a typed record: pure. Every oddity is a remark, nothing is filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from migration import spelling
from migration.documents import Document
from migration.spelling import OldStatus

LIGAND_TASKS = frozenset(
    {"protein_ligand_binding", "batch_protein_ligand_screening", "batch_protein_ligand_binding"}
)
LONGEST_ID = 200


class Role(StrEnum):
    """What a document stands for."""

    PARENT = "batch_parent"
    CHILD = "batch_child"
    INDIVIDUAL = "individual"


@dataclass(frozen=True)
class Record:
    """
    One job of the older system. None: the document does not say.

    ``said`` is the status as it was spelled; ``index`` the 0-based place in the batch; ``children`` the
    ids that a parent lists; ``result`` what the document itself holds of a result.
    """

    id: str
    place: str
    role: Role
    status: OldStatus
    said: str | None
    parent_id: str | None = None
    index: int | None = None
    name: str | None = None
    model: str | None = None
    task: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime | None = None
    user: str | None = None
    ligand_name: str | None = None
    smiles: str | None = None
    protein_name: str | None = None
    sequence: str | None = None
    use_msa: bool | None = None
    use_potentials: bool | None = None
    error: str | None = None
    call_id: str | None = None
    children: tuple[str, ...] = ()
    result: Mapping[str, Any] | None = None
    remarks: tuple[str, ...] = ()

    @property
    def screens(self) -> bool:
        """Whether its task has a ligand. A missing task says nothing, so the ligand decides."""
        return self.task in LIGAND_TASKS or (self.task is None and self.smiles is not None)


@dataclass(frozen=True)
class Group:
    """One old batch: its documents with their numbers; an individual job is a batch of one."""

    id: str
    parent: tuple[int, Record] | None
    children: tuple[tuple[int, Record], ...]
    too_large: bool = False


def read_record(document: Document) -> Record:
    """
    The record in a document that could be read.

    Raises:
        ValueError: it has no usable id.
    """
    body = document.body or {}
    given = _inputs(body)
    parent = _id(body.get("batch_parent_id")) or _id(given.get("parent_batch_id"))
    own = own_id(document)
    job_type, task = spelling.word(body.get("job_type")), spelling.word(body.get("task_type"))
    return Record(
        id=own,
        place=document.place,
        role=role(job_type, task, parent if parent != own else None),
        status=spelling.status(body.get("status")),
        said=spelling.text(body.get("status")),
        parent_id=parent if parent != own else None,
        index=_index(body, given),
        name=_first(body, "name", "job_name"),
        model=spelling.model(body.get("model_name") or body.get("model") or body.get("model_id")),
        task=task,
        created_at=spelling.instant(body.get("created_at")),
        started_at=spelling.instant(body.get("started_at")),
        completed_at=spelling.instant(body.get("completed_at")),
        updated_at=spelling.instant(body.get("updated_at")),
        user=_first(body, "user_id"),
        **_ligand(given),
        protein_name=_first(given, "protein_name", "target_name"),
        sequence=_sequence(given),
        use_msa=_flag(given, "use_msa", "use_msa_server"),
        use_potentials=_flag(given, "use_potentials"),
        error=_first(body, "error_message", "error") or _inner_error(body),
        call_id=_first(body, "modal_call_id"),
        children=_children(body),
        result=_mapping(body, "output_data", "results", "result_data", "output"),
        remarks=tuple(_remarks(body, job_type, own, parent)),
    )


def own_id(document: Document) -> str:
    """The id that a document gives itself, else the name it was stored under; ValueError if neither."""
    body = document.body or {}
    for value in (body.get("id"), body.get("job_id"), document.key):
        if (found := _id(value)) is not None:
            return found
    raise ValueError("has no id: neither 'id' nor 'job_id', and no name that it was stored under")


def role(job_type: str | None, task: str | None, parent_id: str | None) -> Role:
    """
    What a document stands for; the rule by which the older system was to be migrated.

    A task ``batch_…`` is a parent, whoever has a parent's id is a child, the rest is an individual. A
    stated type wins over the task, but "child" without a parent is an individual, and who has a
    parent is a child.
    """
    if job_type == Role.PARENT or (job_type is None and (task or "").startswith("batch_")):
        return Role.PARENT
    return Role.CHILD if parent_id is not None else Role.INDIVIDUAL


def _remarks(body: Mapping[str, Any], job_type: str | None, own: str, parent: str | None) -> list[str]:
    said = []
    if job_type is not None and job_type not in set(Role):
        said.append(f"unknown job_type {str(body.get('job_type'))[:60]!r}")
    if parent == own:
        said.append("names itself as its parent")
    if job_type == Role.CHILD and parent in (None, own):
        said.append("is a child without a parent")
    for name in ("created_at", "completed_at"):
        if body.get(name) is not None and spelling.instant(body[name]) is None:
            said.append(f"{name} is no time")
    return said


def _inputs(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(body, "input_data", "inputs", "input") or {}


def _ligand(given: Mapping[str, Any]) -> dict[str, Any]:
    """Name and SMILES of the one ligand; several are the business of a batch."""
    listed = given.get("ligands")
    one = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
    inner = one if isinstance(one, Mapping) else {"smiles": one}
    return {
        "ligand_name": _first(given, "ligand_name") or _first(inner, "name", "ligand_name"),
        "smiles": _first(given, "ligand_smiles", "smiles") or _first(inner, "smiles", "ligand_smiles"),
    }


def _sequence(given: Mapping[str, Any]) -> str | None:
    listed = given.get("protein_sequences")
    one = spelling.text(listed[0]) if isinstance(listed, list) and len(listed) == 1 else None
    return _first(given, "protein_sequence") or one


def _index(body: Mapping[str, Any], given: Mapping[str, Any]) -> int | None:
    found = spelling.whole(body.get("batch_index"))
    return spelling.whole(given.get("batch_index")) if found is None else found


def _children(body: Mapping[str, Any]) -> tuple[str, ...]:
    listed = body.get("batch_child_ids")
    return tuple(found for item in listed if (found := _id(item))) if isinstance(listed, list) else ()


def _inner_error(body: Mapping[str, Any]) -> str | None:
    """Failures were written where nobody looked for them."""
    result = _mapping(body, "output_data", "results", "result_data", "output") or {}
    return _first(result, "error_message", "error", "boltz_error")


def _mapping(body: Mapping[str, Any], *names: str) -> Mapping[str, Any] | None:
    return next((body[name] for name in names if isinstance(body.get(name), Mapping) and body[name]), None)


def _first(body: Mapping[str, Any], *names: str) -> str | None:
    return next((found for name in names if (found := spelling.text(body.get(name)))), None)


def _flag(body: Mapping[str, Any], *names: str) -> bool | None:
    return next((body[name] for name in names if isinstance(body.get(name), bool)), None)


def _id(value: Any) -> str | None:
    found = spelling.text(value)
    return found if found is not None and len(found) <= LONGEST_ID and found.isprintable() else None
