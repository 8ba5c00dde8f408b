"""What routes of the catalogue answer with."""

from services.api.answers import ModelList, TaskForm
from shared.models.base import Frozen


class ModelsOfTask(ModelList):
    """The models that do a task here."""

    task: str
    count: int


class ModelsOfProvider(ModelList):
    """The models of a provider, active or not."""

    provider: str
    count: int


class Provider(Frozen):
    """Where models run, and which; only the active ones can be asked."""

    id: str
    models: list[str]
    active_models: list[str]


class ProviderList(Frozen):
    """Where models run."""

    providers: list[Provider]


class CatalogueStatistics(Frozen):
    """Counts of models."""

    total_models: int
    active_models: int
    by_provider: dict[str, int]
    by_task: dict[str, int]


class TaskForms(Frozen):
    """The form of every task, by its id."""

    schemas: dict[str, TaskForm]
