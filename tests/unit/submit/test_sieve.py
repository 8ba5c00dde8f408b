"""Which molecules a filter leaves out, and what it says of them."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors
from rdkit.Chem.FilterCatalog import FilterCatalogParams

from services.submit.descriptors import DESCRIPTORS, outside
from services.submit.filters import Catalog, MoleculeFilters, Pattern
from services.submit.ranges import descriptor_names
from services.submit.request import read_value
from services.submit.sieve import Unwanted, unwanted
from shared.chemistry.smiles import read_ligand
from shared.errors import InvalidInput
from tests.support.properties import examples

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
RHODANINE = "O=C1NC(=S)SC1=Cc1ccccc1"
FAT = "C" * 42
ATORVASTATIN = "CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CCC(O)CC(O)CC(=O)O"
SUCROSE = "OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O"
MOLECULES = (ASPIRIN, RHODANINE, FAT, ATORVASTATIN, SUCROSE, "CCO", "C", "[NH4+]", "c1ccccc1[N+](=O)[O-]")


def filters(*given: dict[str, Any]) -> MoleculeFilters:
    """Of these definitions."""
    return read_value({"custom_filters": list(given)}, MoleculeFilters)


def of(smiles: str, *given: dict[str, Any]) -> str | None:
    """Why the molecule is left out; None: it is not."""
    found = unwanted(read_ligand(smiles).smiles, filters(*given))
    return found.reason if found else None


def lipinski(**rule: Any) -> dict[str, Any]:
    """The rule of five."""
    return {"type": "lipinski_filter", **rule}


def ranges(**given: dict[str, float]) -> dict[str, Any]:
    """A filter of descriptors."""
    return {"type": "rdkit_descriptor_filter", **given}


def smarts(*patterns: Any, **more: Any) -> dict[str, Any]:
    """A filter of SMARTS."""
    return {"type": "smarts_custom_filter", "patterns": list(patterns), **more}


def regex(*patterns: str) -> dict[str, Any]:
    """A filter of regular expressions."""
    return {"type": "smiles_regex_filter", "patterns": list(patterns)}


def test_nothing_is_left_out_unless_it_is_asked() -> None:
    assert [unwanted(smiles, MoleculeFilters()) for smiles in MOLECULES] == [None] * len(MOLECULES)


def test_the_rule_of_five_names_every_bound_that_is_broken_with_the_figure() -> None:
    assert of(FAT, lipinski()) == "lipinski: MW 591.15 above 500, logP 16.63 above 5"
    assert of(ASPIRIN, lipinski(max_violations=0)) is None
    assert of(SUCROSE, lipinski()) == "lipinski: NH and OH 8 above 5, N and O 11 above 10"


def test_one_broken_bound_is_allowed_unless_the_rule_says_otherwise() -> None:
    one = "C" * 20  # logP only
    assert of(one, lipinski()) is None
    assert of(one, lipinski(allow_single_violation=True)) is None
    for rule in (lipinski(max_violations=0), lipinski(allow_single_violation=False)):
        assert of(one, rule) == "lipinski: logP 8.05 above 5"


@given(st.sampled_from(MOLECULES), st.integers(0, 3), st.integers(0, 900), st.integers(-2, 18))
@examples(60)
def test_a_molecule_passes_the_rule_exactly_if_it_breaks_no_more_bounds_than_allowed(
    smiles: str, allowed: int, weight: int, logp: int
) -> None:
    molecule = Chem.MolFromSmiles(smiles)
    broken = (
        (Descriptors.MolWt(molecule) > weight)  # type: ignore[attr-defined]
        + (Crippen.MolLogP(molecule) > logp)  # type: ignore[attr-defined]
        + (rdMolDescriptors.CalcNumLipinskiHBD(molecule) > 5)
        + (rdMolDescriptors.CalcNumLipinskiHBA(molecule) > 10)
    )
    rule = lipinski(max_mw=weight, max_logp=logp, max_violations=allowed)
    assert (of(smiles, rule) is None) == (broken <= allowed)


OF_ASPIRIN = {
    "mol_wt": 180.159,
    "mol_logp": 1.3101,
    "num_h_donors": 1,
    "num_h_acceptors": 3,
    "num_rotatable_bonds": 2,
    "num_rings": 1,
    "num_aromatic_rings": 1,
    "num_heteroatoms": 4,
    "fraction_csp3": 1 / 9,
    "tpsa": 63.60,
    "num_heavy_atoms": 13,
    "formal_charge": 0,
    "qed": 0.5501,
}


@pytest.mark.parametrize("name", OF_ASPIRIN)
def test_each_descriptor_is_judged_at_both_ends(name: str) -> None:
    value, little = OF_ASPIRIN[name], 0.01
    label = DESCRIPTORS[name][0]
    assert of(ASPIRIN, ranges(**{name: {"min": value - little, "max": value + little}})) is None
    assert str(of(ASPIRIN, ranges(**{name: {"max": value - little}}))).startswith(f"descriptors: {label} ")
    assert " below " in str(of(ASPIRIN, ranges(**{name: {"min": value + little}})))


def test_the_descriptors_of_the_schema_are_those_that_are_computed() -> None:
    assert set(descriptor_names()) == set(DESCRIPTORS) == set(OF_ASPIRIN)


def test_all_ranges_that_are_missed_are_named() -> None:
    reason = of(FAT, ranges(mol_wt={"max": 400}, tpsa={"min": 20}, num_rings={"max": 3}))
    assert reason == "descriptors: MW 591.15 above 400; TPSA 0 below 20"


numbers = st.floats(-1e6, 1e6)


@given(numbers, numbers, numbers)
@examples(200)
def test_a_value_is_outside_exactly_if_it_is_beyond_an_end_and_the_reason_shows_that(
    value: float, one: float, other: float
) -> None:
    least, most = sorted((one, other))
    reason = outside("x", value, least, most)
    assert (reason is None) == (least <= value <= most)
    if reason is not None:
        assume(abs(value - least) > 1e-3 and abs(value - most) > 1e-3)
        _, shown, side, bound = reason.split()
        assert float(shown) != float(bound)
        assert (float(shown) < float(bound)) == (side == "below")


KNOWN = {
    "PAINS": (RHODANINE, "ene_rhod_A(235)"),
    "PAINS_A": (RHODANINE, "ene_rhod_A(235)"),
    "PAINS_B": ("N#CC(C#N)=Cc1ccccc1", "ene_cyano_A(19)"),
    "BRENK": ("c1ccccc1[N+](=O)[O-]", "nitro_group"),
    "NIH": ("CCS(=O)(=O)Cl", None),
    "ZINC": ("CC(=O)OO", "Peroxides"),
    "CHEMBL": ("CC(=O)Cl", None),
    "CHEMBL_Glaxo": ("CC(=O)Cl", None),
    "CHEMBL_Dundee": ("CC(=O)Cl", None),
    "CHEMBL_BMS": ("CC(=O)Cl", None),
    "CHEMBL_SureChEMBL": ("CC(=O)Cl", None),
    "CHEMBL_MLSMR": ("CC(=O)Cl", None),
    "CHEMBL_Inpharmatica": ("CC(=O)Cl", None),
    "CHEMBL_LINT": ("CC(=O)Cl", None),
}


@pytest.mark.parametrize("catalog", KNOWN)
def test_a_molecule_with_a_known_alert_is_left_out_with_its_name_and_benign_ones_are_not(
    catalog: str,
) -> None:
    smiles, alert = KNOWN[catalog]
    one = {"type": "smarts_catalog_filter", "catalog": catalog}
    reason = str(of(smiles, one))
    assert reason.startswith(f"{catalog}: ")
    assert alert is None or alert in reason
    assert of("OC1CCCCC1", one) is None


def test_all_of_rdkit_s_catalogues_can_be_asked_for() -> None:
    every = set(FilterCatalogParams.FilterCatalogs.names)
    assert set(Catalog.__args__) == every - {"ALL"}  # type: ignore[attr-defined]


def test_a_smarts_rejects_what_matches_or_requires_it_and_goes_by_its_name() -> None:
    nitro = {"name": "nitro", "smarts": "[N+](=O)[O-]"}
    acid = "C(=O)[OH]"
    assert of("c1ccccc1[N+](=O)[O-]", smarts(nitro)) == "SMARTS: matches nitro ([N+](=O)[O-])"
    assert of("CCO", smarts(acid, action="require")) == "required SMARTS: does not match C(=O)[OH]"
    assert of(ASPIRIN, smarts(nitro), smarts(acid, action="require")) is None
    both = smarts(acid, "[#7]", action="require", name="needs")
    assert of(ASPIRIN, both) == "needs: does not match [#7]"


def test_the_first_filter_that_a_molecule_does_not_pass_names_it() -> None:
    pains, rule = {"type": "smarts_catalog_filter", "catalog": "PAINS"}, ranges(mol_wt={"max": 100})
    assert str(of(RHODANINE, pains, rule)).startswith("PAINS: ")
    assert str(of(RHODANINE, rule, pains)).startswith("descriptors: ")


def test_of_a_salt_the_largest_fragment_is_judged() -> None:
    sodium = smarts({"smarts": "[Na]"}, name="no sodium")
    assert of("CC(=O)[O-].[Na+]", sodium, ranges(formal_charge={"max": -1})) is None
    assert of("CC(=O)[O-].[Na+]", ranges(num_heavy_atoms={"min": 5})) is not None


@given(st.sampled_from(MOLECULES), st.integers(0, 2**32 - 1))
@examples(60)
def test_how_a_molecule_is_written_does_not_matter(smiles: str, chance: int) -> None:
    asked = filters(
        lipinski(max_violations=0),
        {"type": "smarts_catalog_filter", "catalog": "BRENK"},
        smarts("c1ccccc1", name="benzene"),
        ranges(qed={"min": 0.3}),
    )
    molecule = Chem.MolFromSmiles(smiles)
    written = Chem.MolToRandomSmilesVect(molecule, 1, randomSeed=chance % 2**31)[0]
    one, other = (unwanted(read_ligand(text).smiles, asked) for text in (smiles, written))
    assert one == other
    assert one is None or isinstance(one, Unwanted)


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no SMARTS": (smarts("CC", "C(("), "patterns.1.smarts", "Not a valid SMARTS"),
    "long SMARTS": (smarts("C" * 501), "patterns.0.smarts", "500"),
    "blank in SMARTS": (smarts("C C"), "patterns.0.smarts", "blank"),
    "empty SMARTS": (smarts(""), "patterns.0.smarts", "at least 1"),
    "no pattern": (smarts(), "patterns", "names no SMARTS"),
    "many patterns": (smarts(*["C"] * 51), "patterns", "at most 50"),
    "unknown action": (smarts("C", action="drop"), "action", "'reject' or 'require'"),
    "reversed": (ranges(mol_wt={"min": 5, "max": 4}), "mol_wt", "nothing lies between"),
    "no end": (ranges(tpsa={}), "tpsa", "'min', 'max' or both"),
    "no descriptor": (ranges(), "", "names no descriptor"),
    "unknown descriptor": (ranges(mass={"max": 4}), "mass", "Extra inputs"),
    "unknown catalogue": ({"type": "smarts_catalog_filter", "catalog": "FOO"}, "catalog", "'PAINS'"),
    "five broken": (lipinski(max_violations=5), "max_violations", "less than or equal"),
    "said twice": (lipinski(max_violations=1, allow_single_violation=True), "", "either"),
    "unknown kind": ({"type": "surprise_filter", "patterns": ["Cl"]}, "", "lipinski_filter"),
    "look-around": (regex("Cl", "C(?!l)"), "patterns.1", "that RE2 knows"),
    "too large": (regex("(.?){1000}x"), "patterns.0", "pattern too large"),
    "long": (regex("C" * 501), "patterns.0", "at most 500"),
    "empty": (regex(""), "patterns.0", "at least 1"),
    "no expression": (regex(), "patterns", "names no expression"),
    "line break": (regex("C\n"), "patterns.0", "printable ASCII"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_filter_is_said_by_index_and_field(case: str) -> None:
    wrong, field, message = WRONG[case]
    with pytest.raises(InvalidInput) as caught:
        filters(lipinski(), {**wrong, "name": "other"} if "name" not in wrong else wrong)
    (error,) = caught.value.errors
    assert error.path == ".".join(("custom_filters.1", field) if field else ("custom_filters.1",))
    assert message in error.message


def test_two_filters_of_one_name_and_too_many_smarts_are_refused() -> None:
    with pytest.raises(InvalidInput, match="2 filters are named 'SMARTS'"):
        filters(smarts("C"), smarts("N"))
    with pytest.raises(InvalidInput, match="may have 50 SMARTS"):
        filters(smarts(*["C"] * 30, name="a"), smarts(*["N"] * 30, name="b"))
    with pytest.raises(InvalidInput, match="at most 20"):
        filters(*(lipinski(name=f"f{n}") for n in range(21)))


@given(st.text("[]()$!&,;CN=#~*0123456789.:@+-/\\%", max_size=40))
@examples(300)
def test_any_text_is_read_as_smarts_or_refused(text: str) -> None:
    try:
        read = list(filters(smarts(text)).patterns)
    except InvalidInput as error:
        read = []
        said = [it.path for it in error.errors]
    assert (
        [it.smarts for it in read if isinstance(it, Pattern)] == [text]
        if read
        else said == ["custom_filters.0.patterns.0.smarts"]
    )


def test_nested_smarts_up_to_the_limit_do_no_harm() -> None:
    for text in ("[$(" * 99 + "C" + ")]" * 99, "(" * 250 + "C" + ")" * 249, "[" * 500):
        with pytest.raises(InvalidInput):
            filters(smarts(text + "x(" if "$" in text else text))
