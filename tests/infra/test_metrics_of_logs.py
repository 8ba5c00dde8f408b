"""The metrics in the cloud count lines of the log; each reads fields that the code writes."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.proof.terraform import ROOT
from local.cloud.child import free_port
from shared import logs
from shared.adapters.redis.connection import RedisConnection
from shared.domain.breaker import FAILURES
from shared.errors import Unavailable
from shared.topology import topology
from tests.infra.reach import Reach

TEXT = (ROOT / "infra" / "terraform" / "metrics.tf").read_text().replace('\\"', "'")
FILTERS = dict(
    re.findall(r'^    (\w+) = \{\n      description = .*\n      filter      = "(.*)"', TEXT, re.MULTILINE)
)
LABELS = set(re.findall(r"EXTRACT\(jsonPayload\.(\w+)\)", TEXT))
ALWAYS = {"function", "outcome", "logger", "message"}
"""What `logs` writes by itself."""


def parts(name: str) -> list[tuple[str, str, str]]:
    """Field, comparison and value of each part of a filter."""
    found = (re.fullmatch(r"jsonPayload\.(\w+)(=|:)'?([^']*)'?", it) for it in FILTERS[name].split(" AND "))
    return [(it[1], it[2], it[3]) for it in found if it]


def counts(name: str, line: dict[str, Any]) -> bool:
    """Whether the metric counts the line, by what is used here of Cloud Logging's language."""
    for field, comparison, value in parts(name):
        said = line.get(field)
        if said is None or (comparison == "=" and said != value) or (value != "*" and value not in said):
            return False
    return True


def noted() -> set[str]:
    """The names of all fields that functions write."""
    nodes = (it for name in topology().functions for it in Reach(name).nodes)
    return {word for it in nodes for word in words(it)}


def words(node: Any) -> Iterator[str]:
    """Keywords of a call, and keys of a dictionary."""
    yield from (it.arg for it in getattr(node, "keywords", ()) if it.arg)
    yield from (str(it.value) for it in getattr(node, "keys", ()) if hasattr(it, "value"))


def test_every_filter_was_understood() -> None:
    assert {"jobs", "redis"} <= FILTERS.keys()
    for name, text in FILTERS.items():
        assert len(parts(name)) == len(text.split(" AND ")), text


def test_every_field_that_a_metric_reads_is_written_by_some_function() -> None:
    read = {field for name in FILTERS for field, *_ in parts(name)} | LABELS
    assert read - ALWAYS - noted() == set()
    outcomes = {value for name in FILTERS for field, _, value in parts(name) if field == "outcome"}
    assert outcomes <= logs.LEVELS.keys()


def test_an_instance_that_gives_redis_up_is_counted_once_under_its_function() -> None:
    written = io.StringIO()
    handler = logs.CloudLines(written, project="p")
    connection = RedisConnection(f"redis://127.0.0.1:{free_port()}/0", answer_seconds=5.0)
    logger = logging.getLogger("omtx.redis")
    logger.addHandler(handler)
    try:
        with logs.step("submit", {}):
            for _ in range(FAILURES + 3):
                with pytest.raises(Unavailable):
                    connection.ask(lambda client: client.ping())
    finally:
        logger.removeHandler(handler)
        connection.close()
    lines = [json.loads(it) for it in written.getvalue().splitlines()]
    (line,) = (it for it in lines if counts("redis", it))
    assert (line["function"], line["severity"], line["why"]) == ("submit", "WARNING", "ConnectionError")
    assert not any(counts(name, line) for name in FILTERS if name != "redis")
