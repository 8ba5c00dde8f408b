"""
Every route of the OpenAPI document, asked whatever the document allows and what it does not.

All checks of schemathesis: no answer of ours is a 500, none has a status, a type or a shape that the document
does not tell, what breaks a schema is refused, other methods are, and a request without a key too.
``EXAMPLES=100`` in the environment looks deeper (``make soak``).
"""

import os
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
# Some of what a schema allows our rules do not; then the answer has to name the field, which is checked here.
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
        assert reply.json()["errors"], "a refusal names its field"
