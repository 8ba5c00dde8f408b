"""``Consumptions``: of changes at once each sees the one before it, and a refusal changes nothing."""

import pytest

from shared.models.consumption import Claim, Consumption
from shared.ports.consumptions import Consumptions
from tests.contracts.backends import Backend
from tests.support.crowd import at_once
from tests.support.world import NOON


@pytest.fixture
def consumptions(backend: Backend) -> Consumptions:
    """What owners have used: of nobody anything."""
    return backend.consumptions


def with_claim(used: Consumption, batch_id: str) -> Consumption:
    """The claim of one ligand added, which may be done again."""
    claim = Claim(batch_id=batch_id, hand="h", ligands=1, usd=0.5, at=NOON)
    return used if batch_id in used.open else Consumption(open={**used.open, batch_id: claim}, days=used.days)


def test_a_new_owner_has_used_nothing(consumptions: Consumptions) -> None:
    assert consumptions.consumption("ada") == Consumption()


def test_a_change_is_there_for_the_next_look(consumptions: Consumptions) -> None:
    changed = consumptions.change("ada", lambda used: with_claim(used, "b_1"))
    assert consumptions.consumption("ada") == changed == with_claim(Consumption(), "b_1")


def test_owners_do_not_share(consumptions: Consumptions) -> None:
    consumptions.change("ada", lambda used: with_claim(used, "b_1"))
    assert consumptions.consumption("ada/x") == Consumption()


def test_what_decides_may_refuse(consumptions: Consumptions) -> None:
    def refuse(used: Consumption) -> Consumption:
        raise ValueError(f"{len(used.open)} is enough")

    consumptions.change("ada", lambda used: with_claim(used, "b_1"))
    with pytest.raises(ValueError, match="1 is enough"):
        consumptions.change("ada", refuse)
    assert list(consumptions.consumption("ada").open) == ["b_1"]


def test_of_changes_at_once_none_is_lost(consumptions: Consumptions) -> None:
    names = [f"b_{number}" for number in range(12)]
    at_once(lambda name: consumptions.change("ada", lambda used: with_claim(used, name)), names)
    assert sorted(consumptions.consumption("ada").open) == sorted(names)


def test_of_many_at_once_only_one_finds_room(consumptions: Consumptions) -> None:
    def one(name: str) -> bool:
        def decide(used: Consumption) -> Consumption:
            return used if used.open else with_claim(used, name)

        return name in consumptions.change("bob", decide).open

    assert at_once(one, [f"b_{number}" for number in range(8)]).count(True) == 1
