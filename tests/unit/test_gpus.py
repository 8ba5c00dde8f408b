"""Which GPU is asked for, from the number of tokens."""

import pytest

from shared.catalogue.entry import known
from shared.catalogue.gpus import Memory, chosen, reachable

BOLTZ = known("boltz2").memory
assert BOLTZ is not None


@pytest.mark.parametrize(
    ("tokens", "gpu"),
    [(300, None), (1689, None), (1690, "A100-80GB"), (2399, "A100-80GB"), (2401, "H200"), (3500, "B200")],
)
def test_the_smallest_gpu_that_should_do_is_asked_for(tokens: int, gpu: str | None) -> None:
    assert BOLTZ is not None
    assert chosen(BOLTZ, tokens) == gpu


def test_the_prediction_goes_through_what_was_published() -> None:
    assert BOLTZ is not None
    assert BOLTZ.needed(1300) == pytest.approx(24, abs=0.1)
    assert BOLTZ.needed(2400) == pytest.approx(80, abs=0.1)


def test_what_ran_out_of_memory_gets_the_next_larger_until_there_is_none() -> None:
    assert BOLTZ is not None
    assert [chosen(BOLTZ, 300, larger=n) for n in range(5)] == [None, "A100-80GB", "H200", "B200", "B200"]
    assert [chosen(BOLTZ, 2000, larger=n) for n in range(3)] == ["A100-80GB", "H200", "B200"]


def test_the_largest_complex_is_the_one_that_just_fits() -> None:
    assert BOLTZ is not None
    most = BOLTZ.most_tokens()
    assert [gpu.name for gpu in BOLTZ.fitting(most)] == ["B200"]
    assert not BOLTZ.fitting(most + 1)


def test_a_model_that_knows_one_gpu_always_gets_the_deployed_one() -> None:
    one = Memory.model_validate(
        {
            "gigabytes": 1,
            "per_square_token": 1e-5,
            "gpus": [{"name": "L4", "gigabytes": 24}],
            "source": "a test",
        }
    )
    assert [chosen(one, tokens, larger=1) for tokens in (1, 10_000)] == [None, None]


USUAL = ("A100-40GB", "A100-80GB", "H100")


@pytest.mark.parametrize(
    ("tokens", "attempts", "gpus"),
    [
        (300, 1, USUAL),
        (300, 3, (*USUAL, "H200")),
        (1600, 1, USUAL),  # with a large ligand beside it, one needs the second size
        (1700, 1, ("A100-80GB",)),
        (1700, 2, ("A100-80GB", "H200")),
        (2390, 1, ("A100-80GB", "H200")),
        (3500, 5, ("B200",)),
    ],
)
def test_every_gpu_that_a_ligand_of_a_screen_may_get_is_known_beforehand(
    tokens: int, attempts: int, gpus: tuple[str, ...]
) -> None:
    assert BOLTZ is not None
    assert reachable(BOLTZ, USUAL, tokens, most=128, attempts=attempts) == gpus
