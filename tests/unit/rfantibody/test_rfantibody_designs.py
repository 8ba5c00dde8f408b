"""Whole jobs on stand-ins for the three programs: what is asked of them, and what comes of it."""

import csv
import io
import json
import tarfile
from typing import Any

import gemmi
import pytest

from modal_gpu.predictors.base import Prediction
from modal_gpu.predictors.rfantibody.ranking import MOST_PAE, MOST_RMSD, RMSD
from modal_gpu.predictors.rfantibody.report import FIGURES
from shared.catalogue.entry import known
from shared.chemistry.structure import protein_sequence, read_structure
from tests.support.rfantibody import LENGTH, Installation, framework
from tests.unit.rfantibody.conftest import SEARCH_SEED, Designs, prepared, question


def rows(prediction: Prediction) -> list[dict[str, Any]]:
    found: Any = prediction.details["designs"]
    return list(found)


def test_a_job_makes_every_design_that_it_was_asked_for_and_names_it_within_the_campaign(
    design: Designs,
) -> None:
    made = design(first=6, designs=2)
    assert {row["name"] for row in rows(made)} == {f"design_{n}_seq_{k}" for n in (7, 8) for k in (1, 2, 3)}
    assert (made.metrics["n_designs"], made.metrics["n_missing"]) == (6, 0)
    assert made.details["missing"] == {}


def test_the_designs_are_ranked_by_the_criteria_of_the_authors(
    design: Designs, installation: Installation
) -> None:
    good, far, near = {"interaction_pae": 9.0, RMSD: 1.5}, {"interaction_pae": 3.0, RMSD: 9.0}, {RMSD: 2.0}
    numbers = (f"{SEARCH_SEED}_dldesign_{number}" for number in range(3))
    scores = dict(zip(numbers, (far, good, near | {"interaction_pae": 9.9}), strict=True))
    installation.goes_wrong(rf2={"scores": scores})
    made = design(designs=1)
    assert [(row["name"], row["passes"]) for row in rows(made)] == [
        ("design_1_seq_2", True),
        ("design_1_seq_1", False),
        ("design_1_seq_3", False),
    ]
    assert made.metrics["n_passing"] == 1
    assert (made.metrics["best_design"], made.metrics["interaction_pae"]) == ("design_1_seq_2", 9.0)
    assert f"{MOST_PAE:g} Å" in str(made.details["rule"])
    assert f"{MOST_RMSD:g} Å" in str(made.details["rule"])


def test_a_design_whose_agreement_cannot_be_told_does_not_pass(
    design: Designs, installation: Installation
) -> None:
    installation.goes_wrong(
        rf2={"scores": {f"{SEARCH_SEED}_dldesign_0": {"interaction_pae": 1.0, RMSD: float("nan")}}}
    )
    made = design(designs=1, sequences_per_backbone=1)
    assert made.metrics["n_passing"] == 0
    assert made.metrics[RMSD] is None


def test_the_figures_are_those_of_the_best_design_and_all_are_explained_in_the_catalogue(
    design: Designs,
) -> None:
    made = design()
    best = rows(made)[0]
    assert {name: made.metrics[name] for name in FIGURES} == {name: best["scores"][name] for name in FIGURES}
    behind = 0 if best["passes"] else 100
    assert made.metrics["ranking_pae"] == best["scores"]["interaction_pae"] + behind
    assert set(made.metrics) == set(known("rfantibody").metrics)
    assert set(made.files) | {"results.json", "logs.txt"} == set(known("rfantibody").files)
    assert not {"affinity", "confidence"} & (set(made.metrics) | set(best["scores"]))


def test_a_nanobody_has_no_light_chain_and_no_figures_of_one(design: Designs) -> None:
    made = design()
    assert made.metrics["light_chain"] is None
    best = rows(made)[0]
    assert [name for name, loop in best["loops"].items() if loop] == ["H1", "H2", "H3"]
    assert best["scores"]["framework_aligned_L1_rmsd"] is None
    assert (len(best["loops"]["H1"]), len(best["loops"]["H2"])) == (7, 6)
    assert 5 <= len(best["loops"]["H3"]) <= 13


@pytest.mark.parametrize("kind", ["scfv", "fab"])
def test_variable_domains_have_both_chains_and_six_loops(design: Designs, kind: str) -> None:
    best = rows(design(framework=kind))[0]
    assert all(best["loops"].values())
    assert best["light_chain"]
    assert isinstance(best["scores"]["framework_aligned_L1_rmsd"], float)


def test_the_structure_has_the_target_with_its_own_chain_and_numbers(design: Designs) -> None:
    made = design(framework="scfv")
    structure = read_structure(made.files["structure.cif"])
    assert [chain.name for chain in structure[0]] == ["H", "L", "A"]
    assert [str(residue.seqid) for residue in structure[0]["A"]] == [str(n) for n in range(1, LENGTH + 1)]
    assert structure[0]["L"][0].seqid.num == 1
    sequences = protein_sequence(structure)
    assert (sequences["H"], sequences["L"]) == (made.metrics["heavy_chain"], made.metrics["light_chain"])
    assert not any(site.atom.is_hydrogen() for site in structure[0].all())


def test_no_confidence_per_residue_is_made_up(design: Designs) -> None:
    text = design().files["structure.cif"].decode()
    assert "_ma_qa_metric" not in text
    assert {site.atom.b_iso for site in read_structure(text)[0].all()} == {0.0}


def test_insertion_codes_and_gaps_of_the_target_come_back(installation: Installation) -> None:
    structure = read_structure(prepared().inputs["target.pdb"])
    chain = structure[0][0]
    chain.name = "H"  # a name of the antibody's own
    for place, residue in enumerate(chain):
        residue.seqid = gemmi.SeqId(
            100 + min(place, 3) + max(0, place - 5), "AB"[place - 4] if 3 < place < 6 else " "
        )
    given = structure.make_pdb_string().encode()
    settled = prepared(given, target_chain="H", hotspots="H:103A,H103B,H:110")
    made = installation.predictor.predict(question(settled, designs=1))
    numbers = json.loads(settled.inputs["target_map.json"])["residues"]
    assert [it["label"] for it in numbers[:7]] == ["100", "101", "102", "103", "103A", "103B", "104"]
    found = read_structure(made.files["structure.cif"])[0]["T"]
    assert [str(residue.seqid) for residue in found] == [it["label"] for it in numbers]
    spots = installation.arguments("rfdiffusion")
    assert spots[spots.index("-h") + 1] == "T104,T105,T112"


def test_the_programs_are_called_as_their_documentation_has_it(
    design: Designs, installation: Installation
) -> None:
    design(first=4, designs=2, temperature=0.3, recycles=5, hotspot_show_prop=0.5, diffuser_t=20)
    diffusion = " ".join(installation.arguments("rfdiffusion"))
    assert "-n 2 -l H1:7,H2:6,H3:5-13 -h T20,T22 --diffuser-t 20 --deterministic --no-trajectory" in diffusion
    assert diffusion.endswith("-e inference.design_startnum=1004")
    assert "h-NbBCII10.pdb" in diffusion
    assert " ".join(installation.arguments("proteinmpnn")).endswith(
        "-n 3 -l H1,H2,H3 -t 0.3 --deterministic --debug"
    )
    assert " ".join(installation.arguments("rf2")).endswith("-r 5 -s 77 --hotspot-show-prop 0.5")


def test_every_run_has_a_folder_of_its_own_so_that_nothing_is_skipped_as_done(
    design: Designs, installation: Installation
) -> None:
    first, again = design(), design()
    assert first.metrics == again.metrics
    assert (first.files, first.details) == (again.files, again.details)
    roots = {call["cwd"] for call in installation.calls}
    assert len(roots) == 2
    assert roots.isdisjoint({str(installation.source)})


def test_the_programs_see_no_setting_and_no_key_of_ours(
    design: Designs, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_WEBHOOK_KEY", "secret")
    monkeypatch.setenv("MODAL_TOKEN_SECRET", "secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    design()
    for call in installation.calls:
        assert "secret" not in call["environment"].values()
        assert "PYTHONPATH" not in call["environment"]
        assert call["environment"]["RFANTIBODY_WEIGHTS"] == str(installation.weights)


def test_a_design_is_the_same_backbone_in_whatever_share_it_is_made(design: Designs) -> None:
    def loops(made: Prediction) -> dict[str, list[int]]:
        return {row["name"]: [len(loop or "") for loop in row["loops"].values()] for row in rows(made)}

    assert loops(design(first=0, designs=4)) == loops(design(first=0, designs=2)) | loops(
        design(first=2, designs=2)
    )


def test_only_the_loops_that_are_asked_for_are_designed(design: Designs, installation: Installation) -> None:
    made = design(loops="h3:6")
    assert [name for name, loop in rows(made)[0]["loops"].items() if loop] == ["H3"]
    assert "-l H3 " in " ".join(installation.arguments("proteinmpnn"))


def test_a_framework_that_is_given_is_the_one_that_is_used(installation: Installation) -> None:
    settled = prepared(framework="given", framework_file=framework("H"), loops="H3:7")
    assert "framework_file" not in settled.parameters.model_dump(exclude_none=True)
    made = installation.predictor.predict(question(settled))
    assert installation.arguments("rfdiffusion")[3].endswith("framework.pdb")
    assert len(rows(made)[0]["loops"]["H3"]) == 7


def test_table_and_archive_hold_every_design(design: Designs) -> None:
    made = design()
    table = list(csv.DictReader(io.StringIO(made.files["designs.csv"].decode(), newline="")))
    assert [row["name"] for row in table] == [row["name"] for row in rows(made)]
    assert [float(row["interaction_pae"]) for row in table] == [
        row["scores"]["interaction_pae"] for row in rows(made)
    ]
    with tarfile.open(fileobj=io.BytesIO(made.files["designs.tar.gz"])) as archive:
        assert archive.getnames() == sorted(f"designs/{row['name']}.pdb" for row in rows(made))
        assert {member.mtime for member in archive} == {0}
    assert json.loads(made.files["designs.json"]) == dict(made.details)
