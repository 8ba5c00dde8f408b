"""What can be set for a campaign, in which words it may be said, and how a mistake is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.catalogue.entry import described, known
from shared.catalogue.rfantibody_loops import Loop, read_loops
from shared.catalogue.rfantibody_parameters import DesignShare, RfantibodyParameters, read_hotspot

CHAINS = st.sampled_from("ABCXYZabz")
NUMBERS = st.integers(-99, 9999)
CODES = st.sampled_from(["", "A", "B", "Z"])


def parameters(**given: Any) -> RfantibodyParameters:
    return RfantibodyParameters.model_validate({"hotspots": ["A:1"], **given})


@given(CHAINS, NUMBERS, CODES)
def test_a_hotspot_reads_the_same_with_and_without_colon_and_spaces(
    chain: str, number: int, code: str
) -> None:
    expected = f"{chain}:{number}{code}"
    forms = (f"{chain}:{number}{code}", f"{chain}{number}{code}", f" {chain}{number}{code.lower()} ")
    assert {read_hotspot(form) for form in forms} == {expected}
    assert read_hotspot(expected) == expected


@given(st.text(max_size=12))
def test_a_text_is_a_hotspot_or_refused_in_a_sentence(text: str) -> None:
    try:
        found = read_hotspot(text)
    except ValueError as error:
        found = str(error)
    assert found.endswith("such as A:123 or A123") or read_hotspot(found) == found


@given(st.lists(st.tuples(NUMBERS, CODES), min_size=1, max_size=20, unique=True))
def test_a_list_and_a_text_with_commas_mean_the_same(spots: list[tuple[int, str]]) -> None:
    labels = [f"A{number}{code}" for number, code in spots]
    as_list, as_text = parameters(hotspots=labels), parameters(hotspots=", ".join(labels))
    assert as_list == as_text
    assert as_list.hotspots == tuple(f"A:{number}{code}" for number, code in spots)


def test_a_chain_whose_name_is_a_digit_needs_the_colon() -> None:
    assert parameters(target_chain="2", hotspots=["2:15"]).hotspots == ("2:15",)
    with pytest.raises(ValidationError, match="such as A:123"):
        parameters(target_chain="2", hotspots=["215"])


def test_a_hotspot_that_is_named_twice_counts_once() -> None:
    assert parameters(hotspots="A5,A:5,A:6").hotspots == ("A:5", "A:6")


def test_the_older_name_of_the_field_is_understood() -> None:
    assert RfantibodyParameters.model_validate({"hotspot_residues": "A:5"}).hotspots == ("A:5",)
    assert "hotspots" in described(known("rfantibody"))["parameters"]["properties"]


@given(
    st.dictionaries(
        st.sampled_from(["H1", "H2", "H3", "L1", "L2", "L3"]),
        st.one_of(st.none(), st.tuples(st.integers(1, 40), st.integers(1, 40)).map(sorted)),
        min_size=1,
    )
)
def test_loops_are_written_as_they_are_read(lengths: dict[str, list[int] | None]) -> None:
    loops = tuple(Loop(name, *(lengths[name] or ())) for name in sorted(lengths))
    text = ",".join(str(loop) for loop in loops)
    assert read_loops(text) == loops
    assert read_loops(text.lower().replace(",", " , ")) == loops


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"hotspots": []}, "hotspots", "at least 1"),
        ({"hotspots": " , "}, "hotspots", "at least 1"),
        ({"hotspots": [f"A{n}" for n in range(51)]}, "hotspots", "at most 50"),
        ({"hotspots": ["123"]}, "hotspots", "write chain and number"),
        ({"hotspots": ["A:12345"]}, "hotspots", "write chain and number"),
        ({"hotspots": ["B:5", "A:1"]}, "", "hotspots B:5 are not on target_chain A"),
        ({"target_chain": "AB"}, "target_chain", "pattern"),
        ({"framework": "camelid"}, "framework", "'vhh', 'scfv', 'fab' or 'given'"),
        ({"framework_file": "ATOM"}, "", "goes with framework given"),
        ({"loops": "H4:5"}, "loops", "such as H1:7"),
        ({"loops": "H1:7-5"}, "loops", "shorter one first"),
        ({"loops": "H1:41"}, "loops", "1 to 40"),
        ({"loops": "H1:7,H1:8"}, "loops", "more than once"),
        ({"loops": "H1:7,L1:8"}, "", "no light chain"),
        ({"sequences_per_backbone": 17}, "sequences_per_backbone", "16"),
        ({"temperature": 0}, "temperature", "0.001"),
        ({"diffuser_t": 10}, "diffuser_t", "15"),
        ({"recycles": 31}, "recycles", "30"),
        ({"hotspot_show_prop": 1.5}, "hotspot_show_prop", "1"),
        ({"run_relax": True}, "run_relax", "not permitted"),
    ],
)
def test_what_is_out_of_bounds_is_refused_at_its_field(given: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parameters(**given)
    error = caught.value.errors()[0]
    assert ".".join(str(step) for step in error["loc"]) == field
    assert said in error["msg"]


def test_the_defaults_are_those_of_the_authors_nanobody_example() -> None:
    usual = parameters()
    assert (usual.sequences_per_backbone, usual.temperature) == (4, 0.2)
    assert (usual.diffuser_t, usual.recycles, usual.hotspot_show_prop) == (50, 10, 0.0)
    assert [str(loop) for loop in usual.designed] == ["H1:7", "H2:6", "H3:5-13"]
    assert [loop.name for loop in parameters(framework="scfv").designed][3:] == ["L1", "L2", "L3"]


@pytest.mark.parametrize(
    "item", [{"first_design": -1, "designs": 1}, {"first_design": 0, "designs": 51}, {"designs": 1}]
)
def test_a_share_of_a_campaign_has_bounds(item: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        DesignShare.model_validate(item)
