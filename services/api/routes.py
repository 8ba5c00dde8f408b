"""The table of routes."""

from collections.abc import Callable, Mapping

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, Rule

from services.api import (
    analytics,
    artefacts,
    audit,
    batches,
    control,
    dead_letters,
    exports,
    jobs,
    milestones,
    results,
    system,
)
from services.api.query import merged
from services.api.store import Store
from shared.catalogue.entry import described, entries, entry
from shared.catalogue.tasks import task as catalogue
from shared.catalogue.tasks.form import form
from shared.catalogue.tasks.task import brief
from shared.entry import Answer, as_json, problem
from shared.logs import note

Handler = Callable[..., Answer]  # (store, query, **parts of the path)
Query = Mapping[str, str]


def health(store: Store, args: Query) -> Answer:
    """``GET /health``: each dependency asked, not assumed."""
    store.ledger.batches(owner=store.owner, unfinished=True, limit=1, after=None)
    next(store.blobs.list("health/"), None)
    answer = {"status": "ok", "timestamp": store.clock.now().isoformat(), "database": "ok", "storage": "ok"}
    return as_json(answer)


def models(store: Store, args: Query) -> Answer:
    """``GET /api/v2/models``: the catalogue."""
    return as_json({"models": [described(found) for found in entries().values()]})


def model(store: Store, args: Query, model_id: str) -> Answer:
    """``GET /api/v2/models/{id}``: one entry, with the JSON Schema of its parameters."""
    if model_id not in entries():
        return problem(404, "Not found", f"no model {model_id!r}; there are: {', '.join(entries())}")
    return as_json(described(entry(model_id)))


def tasks(store: Store, args: Query) -> Answer:
    """``GET /api/v2/tasks``: what can be asked, and who answers it here."""
    return as_json({"tasks": [brief(found) for found in catalogue.tasks().values()]})


def task(store: Store, args: Query, task_id: str) -> Answer:
    """``GET /api/v2/tasks/{id}``: the form of one task."""
    return as_json(form(catalogue.task(task_id)))


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/health", health),
    ("GET", "/api/v2/models", models),
    ("GET", "/api/v2/models/<model_id>", model),
    ("GET", "/api/v2/tasks", tasks),
    ("GET", "/api/v2/tasks/<task_id>", task),
    ("GET", "/api/v2/tasks/<task_id>/schema", task),
    ("GET", "/api/v3/batches", batches.list_batches),
    ("DELETE", "/api/v3/batches/<batch_id>", control.delete),
    ("GET", "/api/v3/batches/<batch_id>/status", batches.status),
    ("GET", "/api/v3/batches/<batch_id>/results", results.results),
    ("GET", "/api/v3/batches/<batch_id>/analytics", analytics.analytics),
    ("GET", "/api/v3/batches/<batch_id>/verify", audit.verify),
    ("GET", "/api/v3/batches/<batch_id>/artefacts", artefacts.artefacts),
    ("GET", "/api/v3/batches/<batch_id>/artefacts/<path:name>", artefacts.artefact),
    ("GET", "/api/v3/batches/<batch_id>/export/<form>", exports.export),
    ("GET", "/api/v3/batches/<batch_id>/jobs/<job_id>/download/<wanted>", jobs.download),
    ("POST", "/api/v3/batches/<batch_id>/control/<action>", control.control),
    ("GET", "/api/v3/batch-completion/status", milestones.status),
    ("GET", "/api/v3/batch-completion/active-batches", milestones.active_batches),
    ("GET", "/api/v3/batch-completion/system-health", system.health),
    ("GET", "/api/v3/batch-completion/batch/<batch_id>/progress", milestones.progress),
    ("GET", "/api/v3/batch-completion/milestones/<batch_id>", milestones.milestones),
    ("GET", "/api/v3/system/activity", system.activity),
    ("GET", "/api/v3/dead-letters", dead_letters.list_letters),
    ("POST", "/api/v3/dead-letters/replay", dead_letters.replay_all),
    ("GET", "/api/v3/dead-letters/<letter_id>", dead_letters.letter),
    ("POST", "/api/v3/dead-letters/<letter_id>/replay", dead_letters.replay),
    ("POST", "/api/v3/dead-letters/<letter_id>/discard", dead_letters.discard),
    ("GET", "/api/jobs/<job_id>", jobs.job),
    ("GET", "/api/v2/jobs/<job_id>", jobs.job),
    ("GET", "/api/jobs/<job_id>/download/<wanted>", jobs.download),
    ("GET", "/api/v2/jobs/<job_id>/download/<wanted>", jobs.download),
)
MAP = Map(
    [Rule(path, methods=[method], endpoint=number) for number, (method, path, _) in enumerate(ROUTES)],
    strict_slashes=False,
    merge_slashes=False,
)


def respond(method: str, path: str, args: Query, body: bytes, store: Store) -> Answer:
    """The answer of the route that fits, or a problem document that says none does."""
    try:
        number, values = MAP.bind("api").match(path, method=method)
    except NoRoute:
        return problem(404, "Not found", f"there is no {path}")
    except MethodNotAllowed as error:
        allowed = ", ".join(error.valid_methods or ())
        text, code, headers = problem(405, "Method not allowed", f"{path} answers to {allowed}")
        return text, code, {**headers, "Allow": allowed}
    note(route=ROUTES[number][1], action=values.get("action"))
    note(batch_id=values.get("batch_id"), job_id=values.get("job_id"))
    answer: Answer = ROUTES[number][2](store, merged(args, body), **values)
    return answer
