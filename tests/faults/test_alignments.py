"""Alignments among misfortune: whatever dies or is lost, a sequence is searched, and every ligand settled."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.schedule import run_schedule, run_strike
from tests.support.boundaries import Fault
from tests.support.msa_server import MsaServer
from tests.support.orders import noop_order

SCHEDULES = 60
SEQUENCE = "MNIFEMLRIDEGLRLKIYKDTEG"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MsaServer]:
    """A server that the chains of a test ask."""
    with MsaServer() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


def aligned(order: dict[str, Any]) -> dict[str, Any]:
    """The same screen, with alignments."""
    return order | {
        "protein_sequence": SEQUENCE,
        "parameters": order.get("parameters", {}) | {"alignments": True},
    }


@pytest.mark.faults
@pytest.mark.parametrize("fault", Fault)
def test_one_fault_at_any_boundary_of_a_search_costs_neither_a_ligand_nor_a_second_search(
    home: Path, server: MsaServer, fault: Fault
) -> None:
    order = aligned(noop_order(2))
    met = run_strike(order, None, home / "calm")
    boundaries = [number for number, (where, _) in enumerate(met, start=1) if where == "align"]
    assert len(boundaries) > 15
    for number in boundaries:
        server.searched.clear()
        server.asked.clear()
        server.forget()
        server.states = ["PENDING"] * 2
        run_strike(order, (number, fault), home / f"{number}")
        assert server.searched == {SEQUENCE: 1}, (number, met[number - 1])
        assert server.asked["submit"] <= 2, (number, met[number - 1])
        shutil.rmtree(home / f"{number}")


@pytest.mark.faults
@pytest.mark.parametrize("first", range(0, SCHEDULES, 20))
def test_every_schedule_with_a_search_ends_with_each_ligand_settled_once(
    home: Path, server: MsaServer, first: int
) -> None:
    for seed in range(first, first + 20):
        chance = random.Random(seed)
        states = chance.choice(([], ["PENDING"] * 9, ["RATELIMIT", 503, "UNKNOWN", "RUNNING"], ["ERROR"]))
        server.states = list(states)
        server.forget()
        print(f"seed {seed}")
        run_schedule(seed, home / str(seed), adapt=aligned)
        shutil.rmtree(home / str(seed))
