"""No route reads a whole table: SQLite's plan of every statement looks rows up."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from shared.adapters.local.database import Database, Row
from tests.services.routes_of_features import Route
from tests.services.test_routes_of_features import READING, Screens, asked, looked_at

__all__ = ["looked_at"]
SCAN = re.compile(r"^SCAN (?!\(|wanted\b|(\d+ )?CONSTANT ROW)")
BOUNDED = frozenset(
    {
        "SCAN b",  # a page that was looked up before
        "SCAN api_keys USING COVERING INDEX api_keys_by_owner",  # is there one?
        "SCAN calls USING INDEX calls_running",  # as many as there are workers
        "SCAN calls USING INDEX calls_waiting",  # as many as batches have windows
    }
)


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The steps of the plan of each statement that is read by."""
    found: dict[str, list[str]] = {}
    read = Database.read

    def explained(self: Database, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        found[sql] = [row["detail"] for row in read(self, f"EXPLAIN QUERY PLAN {sql}", parameters)]
        return read(self, sql, parameters)

    monkeypatch.setattr(Database, "read", explained)
    return found


@pytest.mark.parametrize("route", READING, ids=str)
def test_no_route_reads_a_whole_table(looked_at: Screens, route: Route, plans: dict[str, list[str]]) -> None:
    for batch_id in looked_at:
        asked(route, batch_id)
    scans = {sql: {it for it in plan if SCAN.match(it)} - BOUNDED for sql, plan in plans.items()}
    assert not {sql: steps for sql, steps in scans.items() if steps}
