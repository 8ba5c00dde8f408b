"""
Every route of the OpenAPI document, asked whatever the document allows and what it does not.

All checks of schemathesis: no answer of ours is a 500, none has a status, a type or a shape that the document
does not tell, what breaks a schema is refused, other methods are, and a request without a key too.
``EXAMPLES=100`` in the environment looks deeper (``make soak``).
"""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.config._checks import POSITIVE_DATA_ACCEPTANCE_EXPECTED_STATUSES
from starlette.types import Receive, Scope, Send

from local.mount import mount
from local.reference import document
from shared import wiring
from shared.catalogue.tasks.task import tasks
from tests.support.chain import chain_at
from tests.support.keys import bearing, made
from tests.support.screens import finished, one_answer, opened, tell


class World:
    """The whole platform at one address, with a screen that is over, one that runs, and a key."""

    def __init__(self) -> None:
        self.app: Any = None
        self.key = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


WORLD = World()
# What no schema can say: by the routes, and the field that the refusal names.
PREDICTING = ("/api/predict", "/api/v2/predict", "/api/v2/predict-smart", "/api/v2/tasks/{task_id}/validate")
ORDERING = ("/api/v3/batches/submit", "/api/v3/batches/estimate")
DOORS = ("/v1/screens", "/v1/screens/estimate-cost")
NIM = ("/biology/mit/boltz2/predict", "/v1/biology/mit/boltz2/predict")
HOOKS = ("/api/v1/webhooks/register", "/api/v3/webhooks", "/api/v3/webhooks/{webhook_id}")
PAGED = (
    *("/api/jobs", "/api/v2/jobs", "/api/v2/jobs/status/{status}", "/api/v2/my-results"),
    *(f"/api/v2/results/{name}" for name in ("fast", "ultra-fast", "my-jobs", "status/{status}")),
    "/api/v3/batches/fast-results",
)
TASK_FIELDS = "|".join(sorted({re.escape(field.id) for it in tasks().values() for field in it.inputs}))
FILTER = r"molecule_filters\.custom_filters\.\d+"
ORDERS = (*ORDERING, *PREDICTING, *DOORS)
RULES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (PAGED, "page", "how far it leads depends on the size of the pages"),
    (("/api/v3/batches/{batch_id}/results",), "after|pocket", "what goes with which"),
    (("/api/v3/depict.svg",), "smiles", "is it a molecule?"),
    (HOOKS, "url|secret", "where it leads, and how many bytes it encodes"),
    (ORDERS, "webhook_(url|secret)", "the same"),
    (ORDERS, "molecule_filters", "names that differ, a sum, and whether there are ligands"),
    (ORDERS, rf"{FILTER}\.patterns\.\d+(\.smarts)?", "is it a SMARTS, or an expression?"),
    (ORDERS, rf"{FILTER}\.\w+", "one bound is below the other"),
    (ORDERS, FILTER, "of two ways to say the same one is used"),
    ((*ORDERING, *DOORS, *NIM), "model_name|task_type", "what there is here"),
    (PREDICTING, rf"task_type|model_id|({TASK_FIELDS})(\..*)?", "what a task takes, each another"),
    (ORDERS, r"parameters(\..*)?", "what a model takes, each another"),
    ((*ORDERING, *DOORS, *NIM), r"protein_(sequence|structures?)(\..*)?", "residues are read first"),
    (ORDERING, r"(ligands|library|variants)(\..*)?|num_designs|ligands_count", "what goes with a task"),
    (DOORS, r"molecule_filters\..*", "those of a submission, which say themselves what they take"),
    (DOORS, r"|target\..*", "chains that differ, and are there"),
    (NIM, r"polymers(\..*)?|ligands\.\d+(\..*)?|constraints\.\d+(\..*)?", "the same"),
)
# These answers have to name a field of RULES, which is checked below.
REFUSABLE = [*POSITIVE_DATA_ACCEPTANCE_EXPECTED_STATUSES, "422"]
SCHEMA = schemathesis.openapi.from_dict(document())
SCHEMA.app = WORLD
SCHEMA.config.checks.positive_data_acceptance.expected_statuses = REFUSABLE


@pytest.fixture(scope="module", autouse=True)
def world() -> Iterator[World]:
    with (
        tempfile.TemporaryDirectory() as home,
        chain_at(Path(home)) as chain,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("OMTX_LIMITS_ENABLED", "0")
        wiring.reset()
        finished(chain, 3, invalid=1)
        opened(chain, 3, configuration={"max_concurrent_jobs": 1})
        tell(chain, one_answer(chain))
        WORLD.app, WORLD.key = mount().web, made("local")[1]
        yield WORLD


@SCHEMA.parametrize()
@hypothesis_settings(
    max_examples=int(os.environ.get("EXAMPLES", "5")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)
def test_what_a_route_answers_is_what_its_document_says(case: Case[Any]) -> None:
    reply = case.call_and_validate(headers={**bearing(WORLD.key), "Host": "localhost"})
    if reply.status_code == 422:
        errors = reply.json()["errors"]
        assert errors, "a refusal names its field"
        if case.meta is not None and case.meta.generation.mode.is_positive:
            unknown = [it for it in errors if not is_ruled(case, it["path"])]
            assert not unknown, f"{case.method} {case.path}: say it in the schema"


def is_ruled(case: Case[Any], field: str) -> bool:
    """Whether a rule that no schema can say is about this field; a task has no other fields than its own."""
    body: Any = case.body
    if case.path in PREDICTING and isinstance(body, dict) and field in body.get("input_data", {}):
        return True
    return any(case.path in routes and re.fullmatch(pattern, field) for routes, pattern, _ in RULES)
