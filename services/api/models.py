"""The catalogue: which models there are, where they run here, and what their figures mean."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter

from services.api.answers import ModelList
from services.api.answers.catalogue import CatalogueStatistics, ModelsOfProvider, ModelsOfTask, ProviderList
from services.api.answers.lists import told
from services.api.dependencies import READ
from shared.catalogue.entry import ModelEntry, described, entries, entry, known_models, obstacle_here
from shared.catalogue.tasks.task import task as task_of
from shared.errors import NotFound
from shared.models.batch import MAX_SEQUENCE
from shared.settings import settings

router = APIRouter(prefix="/api/v2", tags=["catalogue"], dependencies=[READ])

# Where this installation's engine makes its runs.
PROVIDERS = {"pool": "local", "local-gpu": "local", "modal": "modal"}


@router.get("/models", summary="List models", **told(ModelList))
def models(active_only: bool = True, provider: str | None = None, task: str | None = None) -> dict[str, Any]:
    """The models on offer here; with ``active_only=false`` also those that cannot run here, and why."""
    return {"models": [_described(it) for it in _chosen(active_only, provider, task)]}


def _chosen(active_only: bool, provider: str | None = None, task: str | None = None) -> list[ModelEntry]:
    found: Iterable[ModelEntry] = entries().values()
    if not active_only:
        found = (it for it in known_models() if settings().test_models or not it.test_model)
    return [it for it in found if provider in (None, provider_of(it)) and (task is None or task in it.tasks)]


def provider_of(found: ModelEntry) -> str:
    """Where a model runs: ``local`` or ``modal``; one that cannot run here, where it could."""
    if obstacle_here(found) is None:
        return PROVIDERS[settings().engine]
    return PROVIDERS[found.engine]


def _described(found: ModelEntry) -> dict[str, Any]:
    """The entry, and beside it what users know of a model: a limit that none is stated for is null."""
    reason, machine = obstacle_here(found), found.machine
    files = sorted({name.rpartition(".")[2] for name in found.files})
    given = {"pdb": found.inputs.structure, "sequence": found.inputs.sequence}
    return {
        **described(found),
        "description": found.summary,
        "provider": provider_of(found),
        "is_active": reason is None,
        "inactive_reason": reason,
        "license": found.licence,
        "capabilities": {
            "supported_tasks": list(found.tasks),
            "input_formats": [name for name, use in given.items() if use != "unused"],
            "output_formats": files,
            "max_sequence_length": MAX_SEQUENCE if found.inputs.sequence != "unused" else None,
            "max_ligands": settings().most_library_rows,
            "max_heavy_atoms": found.most_heavy_atoms,
            "supports_batch": True,
        },
        "resources": {
            "gpu_required": found.engine == "modal",
            "gpus": list(machine.gpus) if machine else [],
            "cpu_cores": machine.cores if machine else None,
            "memory_gb": machine.memory_gib if machine else None,
            "estimated_time_seconds": found.typical_seconds,
        },
    }


@router.get("/models/statistics", summary="The catalogue in numbers", **told(CatalogueStatistics))
def statistics() -> dict[str, Any]:
    """Counts of models: all that are known, and those that run here."""
    known, active = _chosen(active_only=False), _chosen(active_only=True)
    return {
        "total_models": len(known),
        "active_models": len(active),
        "by_provider": dict(Counter(map(provider_of, known))),
        "by_task": dict(Counter(name for it in active for name in it.tasks)),
    }


@router.get("/models/providers", summary="Where models run", **told(ProviderList))
@router.get("/providers", summary="Where models run", **told(ProviderList))
def providers() -> dict[str, Any]:
    """Each with the models that it runs, active or not."""
    known = _chosen(active_only=False)
    names = sorted(set(map(provider_of, known)))
    return {"providers": [_provider(name, known) for name in names]}


def _provider(name: str, known: list[ModelEntry]) -> dict[str, Any]:
    its = [it for it in known if provider_of(it) == name]
    active = [it.id for it in its if obstacle_here(it) is None]
    return {"id": name, "models": [it.id for it in its], "active_models": active}


@router.get("/models/providers/{provider}", summary="Models of a provider", **told(ModelsOfProvider))
def of_provider(provider: str) -> dict[str, Any]:
    """Those that run there, and those that would; 404 for a provider that has none."""
    found = _chosen(active_only=False, provider=provider)
    if not found:
        raise NotFound(f"no provider {provider!r}; GET /api/v2/providers lists them")
    return {"provider": provider, "models": [_described(it) for it in found], "count": len(found)}


@router.get("/models/tasks/{task_id}", summary="Models of a task", **told(ModelsOfTask))
def of_task(task_id: str) -> dict[str, Any]:
    """Those that do it and run here, the preferred one first; 404 for an unknown task."""
    found = task_of(task_id).usable()
    return {"task": task_id, "models": [_described(it) for it in found], "count": len(found)}


@router.get("/models/{model_id}", summary="One model")
def model(model_id: str) -> dict[str, Any]:
    """One entry, with the JSON Schema of its parameters."""
    if model_id not in entries():
        raise NotFound(f"no model {model_id!r}; there are: {', '.join(entries())}")
    return _described(entry(model_id))
