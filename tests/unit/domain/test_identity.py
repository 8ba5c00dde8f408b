"""Ids and seeds: each names one thing, whoever asks and however often."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.identity import (
    LARGEST_SEED,
    batch_id,
    digest,
    job_id,
    job_place,
    ligand_seed,
    search_seed,
)

batches = st.text("0123456789abcdef", min_size=24, max_size=24).map(lambda stem: f"batch_{stem}")
positions = st.integers(0, 9_999_999)
SEEDED = {"screen": 42, "smiles": "CCO", "target": "t" * 64, "model": "vina"}


def seed(**changes: object) -> int:
    """The seed of one ligand, with one part of it changed."""
    screen, smiles, target, model = (SEEDED | changes).values()
    return ligand_seed(screen, smiles, target, model)  # type: ignore[arg-type]


@given(batches, positions)
def test_a_job_id_leads_back_to_its_batch_and_position(batch: str, position: int) -> None:
    assert job_place(job_id(batch, position)) == (batch, position)


@given(st.text(), positions)
def test_a_job_id_begins_with_the_digest_of_what_it_names(batch: str, position: int) -> None:
    assert job_id(batch, position).startswith(f"job_{digest(['job', batch, position])[:8]}_")


@given(batches, positions, st.data())
def test_a_job_id_with_any_character_changed_leads_nowhere(
    batch: str, position: int, data: st.DataObject
) -> None:
    job = job_id(batch, position)
    place = data.draw(st.integers(0, len(job) - 1))
    other = data.draw(st.characters().filter(lambda character: character != job[place]))
    assert job_place(f"{job[:place]}{other}{job[place + 1 :]}") is None


@given(st.text())
def test_no_text_is_mistaken_for_a_job_id(text: str) -> None:
    place = job_place(text)
    assert place is None or job_id(*place) == text


@pytest.mark.parametrize(
    "job", ["", "job_", "job_12345678_{}_007", "job_12345678_{}_1\n", "JOB_12345678_{}_1", "../{}/1", "\x00"]
)
def test_what_only_looks_like_a_job_id_is_refused(job: str) -> None:
    assert job_place(job.format("0" * 24)) is None


def test_neighbouring_jobs_do_not_begin_alike() -> None:
    starts = {job_id("batch_" + "0" * 24, position)[:6] for position in range(50)}
    assert len(starts) > 40


@given(st.text(), st.text(min_size=1), st.text(), st.text())
def test_a_key_names_one_batch_of_its_owner(owner: str, key: str, chance: str, other: str) -> None:
    named = batch_id(owner, key, chance)
    assert re.fullmatch(r"batch_[0-9a-f]{24}", named)
    assert named == batch_id(owner, key, other)
    assert named != batch_id(f"{owner}x", key, chance)
    assert named != batch_id(owner, f"{key}x", chance)


@given(st.text(), st.text())
def test_without_a_key_every_batch_is_another(owner: str, chance: str) -> None:
    assert batch_id(owner, None, chance) != batch_id(owner, None, f"{chance}x")
    assert batch_id(owner, None, chance) != batch_id(owner, chance, chance)


def test_owner_and_key_cannot_be_confused() -> None:
    assert batch_id("a", "bc", "") != batch_id("ab", "c", "")


@given(st.integers(0, LARGEST_SEED), st.text(), st.text(), st.text())
def test_a_seed_is_in_vinas_range_and_never_its_zero(
    screen: int, smiles: str, target: str, model: str
) -> None:
    assert 1 <= ligand_seed(screen, smiles, target, model) <= LARGEST_SEED
    assert 1 <= search_seed(screen, target, model) <= LARGEST_SEED


def test_the_same_ligand_has_the_same_seed_for_ever() -> None:
    assert seed() == seed() == 1_590_064_992
    assert search_seed(42, "t" * 64, "vina") == 638_288_759


@pytest.mark.parametrize(
    "change", [{"screen": 43}, {"smiles": "CCN"}, {"target": "u" * 64}, {"model": "boltz2"}], ids=str
)
def test_a_seed_depends_on_each_of_its_parts(change: dict[str, object]) -> None:
    assert seed(**change) != seed()


@pytest.mark.parametrize("change", [(43, "t", "vina"), (42, "u", "vina"), (42, "t", "boltz2")])
def test_the_seed_of_a_search_depends_on_each_of_its_parts(change: tuple[int, str, str]) -> None:
    assert search_seed(*change) != search_seed(42, "t", "vina")


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_a_digest_knows_no_order_of_fields(value: dict[str, object]) -> None:
    shuffled = dict(reversed(value.items()))
    assert digest(value) == digest(shuffled)
    assert digest([value]) != digest(value)
