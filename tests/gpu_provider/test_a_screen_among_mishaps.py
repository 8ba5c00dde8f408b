"""Three hundred ligands of which every tenth call goes wrong, in each way that there is."""

import itertools
import random
from pathlib import Path

import pytest

from shared.models.work import FailureClass
from tests.faults.audit import Witness, audit
from tests.modal_server.plane import Fate
from tests.modal_server.server import ControlPlane
from tests.modal_server.service import Mishap
from tests.support.boundaries import Boundaries
from tests.support.modal_chain import ModalChain, modal_chain_at
from tests.support.orders import noop_order

LIGANDS, EVERY = 300, 10
FATES = [fate for fate in Fate if fate is not Fate.ANSWERS]
UNHEARD = "the webhook is not heard"
START, ASK = "FunctionMap", "FunctionGetOutputs"


class Misfortune:
    """
    What goes wrong with which request, decided by the seed: one of every ten.

    Every way comes once before any comes again; at a start, the request or the run that it starts.
    """

    def __init__(self, seed: int, chain: ModalChain) -> None:
        self._chance = random.Random(seed)
        self._ways = {START: self._cycle([*Mishap, *FATES, UNHEARD]), ASK: self._cycle([*Mishap])}
        self._struck: dict[tuple[str, int], int] = {}
        self._chain = chain
        self._coming: object = None
        self.met: dict[str, set[object]] = {START: set(), ASK: set()}

    def strike(self, name: str, number: int) -> Mishap | None:
        """What befalls the request."""
        if name not in self._ways or not self._is_struck(name, number):
            return None
        way = next(self._ways[name])
        self.met[name].add(way)
        if isinstance(way, Mishap):
            return way
        self._coming = way
        return None

    def fate(self, number: int) -> Fate:
        """How the run ends that is being started."""
        coming, self._coming = self._coming, None
        if coming == UNHEARD:
            self._chain.unheard.add(f"fc-{number:06}")
        return coming if isinstance(coming, Fate) else Fate.ANSWERS

    def _is_struck(self, name: str, number: int) -> bool:
        block = name, number // EVERY
        if block not in self._struck:
            self._struck[block] = self._chance.randrange(EVERY)
        return number % EVERY == self._struck[block]

    def _cycle(self, ways: list[object]) -> "itertools.cycle[object]":
        return itertools.cycle(self._chance.sample(ways, len(ways)))


@pytest.mark.slow
def test_each_ligand_is_settled_once_whatever_happens_at_modal(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    given = pytestconfig.getoption("--seed")
    seed = random.randrange(10**6) if given is None else given
    print(f"replay with: pytest {Path(__file__).name} --seed {seed}")
    witness = Witness()
    boundaries = Boundaries(lambda number, name: None, seen=witness.see)
    with ControlPlane() as plane, modal_chain_at(tmp_path, plane, boundaries) as chain:
        misfortune = Misfortune(seed, chain)
        plane.plane.fate = misfortune.fate
        plane.service.strike = misfortune.strike
        order = noop_order(
            LIGANDS,
            parameters={"failure_rate": 0.05},
            configuration={"max_retry_attempts": 5, "scheduling_strategy": "parallel"},
        )
        batch_id = chain.submit(order).body["batch_id"]
        chain.drain(rounds=400)
        audit(chain, batch_id, witness)
        outcomes = chain.ledger.outcomes(batch_id, 0, limit=999)
        failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
        model_errors = [failure for failure in failures if failure.kind is FailureClass.MODEL_ERROR]
        assert 0 < len(model_errors) < LIGANDS / 5
        assert all(failure.may_be_retried for failure in failures if failure not in model_errors)
        assert misfortune.met[START] == {*Mishap, *FATES, UNHEARD}
        assert misfortune.met[ASK]
