"""What an entry of the catalogue says about a model, and the entries themselves."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from shared.catalogue.files import document
from shared.catalogue.gpus import Memory, reachable
from shared.catalogue.preparing import Prepared, Target
from shared.errors import FieldError, InvalidInput, NotFound
from shared.models.base import Frozen
from shared.models.batch import MOST_STRUCTURES, Batch
from shared.settings import settings

Direction = Literal["lower is stronger", "lower is better", "higher is better", "none"]


class Metric(Frozen):
    """One figure: what it means, in which unit, which way is good, and where it comes from."""

    label: str
    unit: str
    direction: Direction
    range: Annotated[Sequence[float | None], Field(min_length=2, max_length=2)]
    meaning: str
    source: str


class Ranking(Frozen):
    """The metric that ranks, and which way: ``ascending`` puts the lowest first."""

    key: str
    order: Literal["ascending", "descending"]


class Inputs(Frozen):
    """Which description of the target a model needs, and how many structures of it a screen may give."""

    structure: Literal["required", "optional", "unused"]
    sequence: Literal["required", "optional", "unused"]
    structures: Annotated[int, Field(ge=1, le=MOST_STRUCTURES)] = 1


class Machine(Frozen):
    """
    What a run gets at a GPU provider, and is paid for; the model's app is deployed so.

    ``gpus``: those that will do, the usual one first; none for a model that computes on processors.
    ``at_once``: how many runs there are at a time. Before its first run a machine loads the model for
    about ``start_seconds``, after its last one it is idle for ``idle_seconds``; both are paid for.
    """

    gpus: tuple[str, ...] = ()
    cores: Annotated[float, Field(gt=0)]
    memory_gib: Annotated[float, Field(gt=0)]
    at_once: Annotated[int, Field(ge=1)]
    start_seconds: Annotated[float, Field(ge=0)]
    idle_seconds: Annotated[float, Field(ge=0)]


class Growth(Frozen):
    """
    How the time of a run grows with what it predicts: with the square of its tokens, above ``tokens``.

    ``source`` says why, and what it is a guess at.
    """

    tokens: Annotated[int, Field(ge=1)]
    source: str


class Caching(Frozen):
    """
    That the same question to the model need not be computed twice.

    Whoever changes what a run answers without a new version of the model raises ``generation``, and no older
    result is taken any more. ``unasked``: also where an order does not say whether it wants that.
    """

    generation: Annotated[int, Field(ge=1)]
    unasked: bool = True


class ModelEntry(Frozen):
    """
    One model.

    ``parameters`` names a Pydantic class as ``module:Class``; ``preparation`` a function
    ``(parameters, target) -> Prepared`` that checks the target and settles what depends on it, raising
    InvalidInput; ``files`` are the artefacts that a run may upload;
    ``timeout_seconds`` caps what a batch may ask for. ``most_heavy_atoms``: of a ligand, where the model
    states a limit. ``memory``: what it takes of a GPU, where that grows with the input.
    ``designs_per_job``: how many designs one job of a design task makes. ``typical_seconds`` of a run come
    from ``timing``, and grow as ``growth`` says, if it is known. A model that is not ``offered`` cannot be
    run here; its entry explains the figures of batches that were computed elsewhere.
    """

    id: str
    name: str
    version: str
    summary: str
    engine: Literal["pool", "modal"]
    test_model: bool = False
    offered: bool = True
    tasks: tuple[str, ...]
    inputs: Inputs
    parameters: str
    preparation: str | None = None
    files: tuple[str, ...]
    metrics: Mapping[str, Metric]
    ranking: Ranking
    most_heavy_atoms: Annotated[int, Field(ge=1)] | None = None
    memory: Memory | None = None
    designs_per_job: Annotated[int, Field(ge=1)] = 1
    timeout_seconds: Annotated[int, Field(ge=1)]
    typical_seconds: Annotated[float, Field(ge=0)]
    timing: str = "the catalogue's figure; not measured on this installation"
    growth: Growth | None = None
    machine: Machine | None = None
    caching: Caching | None = None
    licence: str
    citation: str

    def parameter_class(self) -> type[BaseModel]:
        """The class that validates the model's parameters."""
        found: type[BaseModel] = _load(self.parameters)
        return found

    def seconds_for(self, tokens: int | None) -> float:
        """What a run usually takes, where the target has so many tokens."""
        if self.growth is None or tokens is None:
            return self.typical_seconds
        return self.typical_seconds * max(1.0, (tokens / self.growth.tokens) ** 2)

    def reuses(self, asked: bool | None) -> bool:
        """Whether a batch takes what was computed before; ``asked``: what its order says, if it does."""
        if self.caching is None:
            return False
        return self.caching.unasked if asked is None else asked

    def kept(self, batch: Batch) -> int | None:
        """The generation of a batch's results, if others may take them; else None."""
        caching = self.caching
        if caching is None or batch.imported or batch.seed is None:
            return None
        return caching.generation if caching.unasked or batch.use_cache else None

    def gpus_for(self, tokens: int | None, attempts: int) -> tuple[str, ...]:
        """Those that a run may get in its attempts, the usual one first; none on processors."""
        usual = self.machine.gpus if self.machine is not None else ()
        if self.memory is None or tokens is None:
            return usual
        return reachable(self.memory, usual, tokens, most=self.most_heavy_atoms or 0, attempts=attempts)

    def prepare(self, parameters: BaseModel, target: Target) -> Prepared:
        """Check the batch's target; the parameters and the input files as every run gets them."""
        if self.preparation is None:
            return Prepared(parameters, target.structures)
        prepared: Prepared = _load(self.preparation)(parameters, target)
        return prepared


def _load(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


@cache
def _all() -> dict[str, ModelEntry]:
    folder = Path(__file__).parent
    entries = (ModelEntry.model_validate(document(path)) for path in _files(folder))
    return {entry.id: entry for entry in sorted(entries, key=lambda entry: entry.id)}


def _files(folder: Path) -> list[Path]:
    """Those of models; the price table lies beside them."""
    return [path for path in folder.glob("*.yaml") if path.stem != "prices"]


def entries() -> dict[str, ModelEntry]:
    """The models that can be submitted to by id; test models only where they are switched on."""
    tests = settings().test_models
    return {
        key: it for key, it in _all().items() if obstacle_here(it) is None and (tests or not it.test_model)
    }


def obstacle(entry: ModelEntry, engine: str, pythons: Collection[str] = ()) -> str | None:
    """
    Why this installation, whose engine this is, cannot run a model that it knows; None: it can.

    ``pythons``: the models that have a Python of their own here, which those on a GPU need.
    """
    if not entry.offered:
        return f"{entry.name} cannot be run by this version; it is known from imported batches"
    if entry.engine == "modal" and engine == "pool":
        return f"{entry.name} needs a GPU; OMTX_ENGINE is neither modal nor local-gpu"
    if entry.engine == "modal" and engine == "local-gpu" and entry.id not in pythons:
        return f"{entry.name} needs a Python of its own here; OMTX_PYTHON_{entry.id.upper()} names none"
    return None


def obstacle_here(entry: ModelEntry) -> str | None:
    """The same of this installation."""
    return obstacle(entry, settings().engine, settings().pythons)


def entry(model: str) -> ModelEntry:
    """The entry of a model on offer; InvalidInput, which lists the models there are, if there is none."""
    found = entries().get(model)
    if found is None:
        missing = obstacle_here(_all()[model]) if model in _all() else None
        message = f"{missing or f'unknown model {model!r}'}; there are: {', '.join(entries())}"
        raise InvalidInput(message, [FieldError("model_name", message)])
    return found


def entry_of(batch: Batch) -> ModelEntry:
    """The entry of a batch's model, on offer still or no longer; NotFound if this code never had it."""
    return known(batch.model)


def known(model: str) -> ModelEntry:
    """The entry of a model, whether or not it is on offer here; NotFound if there is none."""
    found = _all().get(model)
    if found is None:
        raise NotFound(f"the catalogue has no model {model!r}")
    return found


def known_models() -> list[ModelEntry]:
    """Every entry of the catalogue by id, whether or not it is on offer here."""
    return list(_all().values())


def described(entry: ModelEntry) -> dict[str, Any]:
    """The entry as the API shows it, with the JSON Schema of its parameters."""
    return entry.model_dump(mode="json", exclude={"parameters", "preparation"}) | {
        "parameters": entry.parameter_class().model_json_schema()
    }
