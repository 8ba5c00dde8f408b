"""Money under a limit while processes die and answers are lost: no run is paid twice, none is forgotten."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.costs import spent, together
from shared.errors import OmtxError
from shared.models.facts import Outcome
from tests.gpu_provider.test_spending import FIVE_SECONDS, RUN, limited, overhead
from tests.modal_server.server import ControlPlane
from tests.support.boundaries import Boundaries, Fault, Killed
from tests.support.modal_chain import ModalChain, modal_chain_at
from tests.support.orders import noop_order
from tests.support.screens import status

LIGANDS, AFFORDABLE = 6, 3
LIMIT = overhead(1) + (AFFORDABLE + 0.5) * RUN
ORDER = noop_order(LIGANDS, **limited(LIMIT, max_concurrent_jobs=1))
PARTS = 2


def run(home: Path, plane: ControlPlane, strike: tuple[int, Fault] | None) -> list[tuple[str, str]]:
    """The screen to its end, with a fault at one boundary; the boundaries that it met."""
    boundaries = Boundaries(lambda number, name: None)

    def plan(number: int, name: str) -> Fault | None:
        # A run reports by itself, so what kills the webhook's process would end the run as well.
        spared = boundaries.where in ("webhook", "api")
        return strike[1] if strike is not None and number == strike[0] and not spared else None

    boundaries.plan = plan
    with modal_chain_at(home, plane, boundaries) as chain:
        chain.run_takes = FIVE_SECONDS
        batch_id = accepted(chain)
        for _ in range(60):
            look(chain)
            if batch_id not in chain.unfinished():
                audit(chain, batch_id)
                return boundaries.met
        raise AssertionError(f"{batch_id} does not end")


def accepted(chain: ModalChain) -> str:
    """The batch, however often its submitter dies."""
    for _ in range(3):
        try:
            reply = chain.submit(ORDER, key="one")
        except Killed:
            chain.restart()
            continue
        if reply.status == 202:
            return str(reply.body["batch_id"])
    raise AssertionError("not accepted")


def look(chain: ModalChain) -> None:
    """A step and a look; whoever dies is started again."""
    for act in (chain.step, chain.reconcile):
        try:
            act()
        except Killed:
            chain.restart()
        except OmtxError as error:
            raise AssertionError("an entry point let it out") from error
        chain.clock.advance(timedelta(seconds=61))


def audit(chain: ModalChain, batch_id: str) -> None:
    """What the counters say, what the outcomes say, and what was really run."""
    found = status(chain, batch_id)
    assert found["invariant_holds"]
    assert found["status"] == "cancelled"
    outcomes: list[Outcome] = chain.ledger.outcomes(batch_id, 0, limit=99)
    counted = together(leaf.spent for leaf in chain.ledger.leaves(batch_id, 0))
    recorded = spent(run for outcome in outcomes for run in outcome.runs)
    assert counted.usd == pytest.approx(recorded.usd)
    assert counted.seconds == recorded.seconds == 5 * found["accounting"]["completed"]
    assert counted.usd + overhead(1) <= LIMIT
    assert found["cost"]["limit_reached"].startswith("max_cost_usd reached")
    assert found["cost"]["counted_usd"] == pytest.approx(counted.usd)


def test_without_a_fault_all_that_can_be_paid_is_computed(
    tmp_path: Path, control_plane: ControlPlane
) -> None:
    assert len(run(tmp_path, control_plane, None)) > 60


@pytest.mark.faults
@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("part", range(PARTS))
def test_a_fault_anywhere_changes_nothing_of_what_is_counted(tmp_path: Path, part: int, fault: Fault) -> None:
    with ControlPlane() as plane:
        calm = len(run(tmp_path / "calm", plane, None))
    assert calm > 60
    for number in range(1 + 7 * part, calm + 1, 14 * PARTS):
        with ControlPlane() as plane:
            run(tmp_path / str(number), plane, (number, fault))
