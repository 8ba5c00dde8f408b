"""Every way in which the three programs fail, told from success by what they wrote and not by their word."""

import gc
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from modal_gpu.predictors.base import PredictionFailed
from shared.models.work import FailureClass
from tests.support.rfantibody import Installation
from tests.unit.rfantibody.conftest import SEARCH_SEED, Designs, prepared, question


def fails(design: Designs, **parameters: Any) -> PredictionFailed:
    with pytest.raises(PredictionFailed) as caught:
        design(**parameters)
    return caught.value


OOM, INPUT = FailureClass.OUT_OF_MEMORY, FailureClass.INVALID_INPUT
MODEL, PLACE = FailureClass.MODEL_ERROR, FailureClass.INFRASTRUCTURE
SAID = [
    ("rfdiffusion", "torch.OutOfMemoryError: CUDA out of memory. Tried", 1, OOM, "too little memory"),
    ("rf2", "torch.cuda.OutOfMemoryError: CUDA out of memory", 1, OOM, "too little memory"),
    ("rfdiffusion", "ValueError: Non-positive determinant (left-handed)", 1, INPUT, "proper geometry"),
    ("rfdiffusion", "Diffusion regions not found", 1, INPUT, "no labels for the loops"),
    ("rf2", "ValueError: Not all chains are H,L,T", 1, INPUT, "not in HLT form"),
    ("rfdiffusion", "NameError: name 'sys' is not defined", 1, MODEL, "do not come near the hotspots"),
    ("rfdiffusion", "AssertionError: Tag samples_design_0 already exists in", 1, PLACE, "was not fresh"),
    ("rfdiffusion", "RuntimeError: No CUDA GPUs are available", 1, PLACE, "GPU cannot be used"),
    ("proteinmpnn", "ModuleNotFoundError: No module named 'rfantibody'", 1, PLACE, "not installed whole"),
    ("rf2", "ERROR: failed to load model", 0, PLACE, "weights"),
    ("proteinmpnn", "KeyError: 'XYZ'", 3, MODEL, "status 3: KeyError: 'XYZ'"),
]


@pytest.mark.parametrize(("program", "said", "status", "kind", "sentence"), SAID)
def test_what_a_program_says_as_it_ends_becomes_a_class_and_a_sentence(
    design: Designs,
    installation: Installation,
    program: str,
    said: str,
    status: int,
    kind: FailureClass,
    sentence: str,
) -> None:
    installation.goes_wrong(**{program: {"says": said, "status": status}})
    failure = fails(design, designs=1, sequences_per_backbone=1)
    assert failure.kind is kind
    assert str(failure).startswith(program)
    assert sentence in str(failure)


def test_a_program_that_is_killed_ran_out_of_memory(design: Designs, installation: Installation) -> None:
    installation.goes_wrong(rf2={"signal": signal.SIGKILL})
    assert fails(design, designs=1).kind is FailureClass.OUT_OF_MEMORY


def test_success_without_output_is_a_failure(design: Designs, installation: Installation) -> None:
    installation.goes_wrong(rfdiffusion={"skips": [0, 1]})
    failure = fails(design)
    assert failure.kind is FailureClass.MODEL_ERROR
    assert "as if all were well" in str(failure)


def test_hotspots_that_the_program_does_not_recognise_are_a_failure_and_not_an_undirected_design(
    design: Designs, installation: Installation
) -> None:
    installation.goes_wrong(rfdiffusion={"no_mindist": True})
    assert "recognised none" in str(fails(design))


def test_the_designs_that_there_are_count_and_the_others_are_named_with_their_reason(
    design: Designs, installation: Installation
) -> None:
    installation.goes_wrong(
        rfdiffusion={"skips": [0], "nan": [1]}, proteinmpnn={"unknown": [0]}, rf2={"skips": [1], "nan": [2]}
    )
    made = design(designs=4)
    missing: Any = made.details["missing"]
    assert missing == {
        **{f"design_1_seq_{k}": "its backbone was not written" for k in range(1, 4)},
        **{f"design_2_seq_{k}": "its backbone has coordinates that are not numbers" for k in range(1, 4)},
        **{f"design_3_seq_{k}": "has unknown amino acids" for k in range(1, 4)},
        "design_4_seq_2": "its prediction was not written",
        "design_4_seq_3": "its prediction has no interaction_pae",
    }
    assert (made.metrics["n_designs"], made.metrics["n_missing"]) == (1, 11)
    assert made.metrics["best_design"] == "design_4_seq_1"


def test_a_design_that_proteinmpnn_fails_on_with_status_0_is_found_and_does_not_stop_the_others(
    design: Designs, installation: Installation
) -> None:
    installation.goes_wrong(proteinmpnn={"fails": [1]})
    made = design(designs=3)
    missing: Any = made.details["missing"]
    assert set(missing) == {f"design_2_seq_{k}" for k in range(1, 4)}
    assert missing["design_2_seq_1"].endswith("KeyError: 'XYZ'")
    assert made.metrics["n_designs"] == 6
    calls = [call["arguments"] for call in installation.calls if call["program"] == "proteinmpnn"]
    assert ["--debug" in arguments for arguments in calls] == [True, False]


def test_proteinmpnn_failing_on_every_design_is_a_failure_with_its_reason(
    design: Designs, installation: Installation
) -> None:
    installation.goes_wrong(proteinmpnn={"fails": [0, 1]})
    failure = fails(design)
    assert failure.kind is FailureClass.MODEL_ERROR
    assert "KeyError: 'XYZ'" in str(failure)


def test_loops_of_nothing_but_glycine_were_not_designed(design: Designs, installation: Installation) -> None:
    installation.goes_wrong(proteinmpnn={"glycine": True})
    assert "glycine" in str(fails(design))


def test_a_program_that_stops_half_way_leaves_what_it_had_made(
    design: Designs, installation: Installation
) -> None:
    installation.goes_wrong(rf2={"after": 4, "status": 1, "says": "CUDA out of memory"})
    made = design()
    assert (made.metrics["n_designs"], made.metrics["n_missing"]) == (4, 2)
    missing: Any = made.details["missing"]
    assert "its prediction was not written; rf2: the GPU has too little" in missing["design_2_seq_2"]


@pytest.mark.parametrize(
    ("fault", "said"), [("other_antibody", "another antibody"), ("other_target", "another target")]
)
def test_a_prediction_of_something_else_is_never_a_score(
    design: Designs, installation: Installation, fault: str, said: str
) -> None:
    installation.goes_wrong(rf2={fault: [0]})
    missing: Any = design().details["missing"]
    assert list(missing) == ["design_1_seq_1"]
    assert "model_substituted_record" in missing["design_1_seq_1"]
    assert said in missing["design_1_seq_1"]


def test_an_entry_that_nobody_asked_for_counts_for_nothing(
    design: Designs, installation: Installation
) -> None:
    installation.goes_wrong(rfdiffusion={"strangers": [0, 1]})
    made = design()
    assert (made.metrics["n_designs"], made.metrics["n_missing"]) == (6, 0)


def test_a_run_ends_in_time_and_leaves_no_process_behind(installation: Installation, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    installation.goes_wrong(rf2={"hang": str(pids)})
    began = time.monotonic()
    with pytest.raises(PredictionFailed, match="rf2 was still running") as caught:
        installation.predictor.predict(question(prepared(), designs=1, seconds=4.0))
    assert caught.value.kind is FailureClass.TIMEOUT
    assert time.monotonic() - began < 10
    for pid in map(int, pids.read_text().split()):
        assert not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether the process does anything still; one that waits for its parent to notice does not."""
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True


def test_the_time_limit_covers_all_three_programs(installation: Installation, tmp_path: Path) -> None:
    installation.goes_wrong(rfdiffusion={"hang": str(tmp_path / "pids")})
    with pytest.raises(PredictionFailed, match="rfdiffusion was still running"):
        installation.predictor.predict(question(prepared(), seconds=0.5))
    assert [call["program"] for call in installation.calls] in ([], ["rfdiffusion"])


def test_what_the_programs_cache_is_kept_until_a_run_fails(installation: Installation) -> None:
    predictor = installation.predictor
    asked = question(prepared(sequences_per_backbone=1), designs=1)
    for _ in range(2):
        predictor.predict(asked)
        home = Path(installation.calls[-1]["environment"]["HOME"])
        (home / "schedule.pkl").touch()
    assert len({call["environment"]["HOME"] for call in installation.calls}) == 1
    installation.goes_wrong(rf2={"skips": [0]})
    with pytest.raises(PredictionFailed):
        predictor.predict(asked)
    assert not (home / "schedule.pkl").exists()
    installation.goes_wrong()
    assert predictor.predict(asked).metrics["n_designs"] == 1
    del predictor
    gc.collect()
    assert not home.exists()


def test_weights_that_are_not_there_are_reported_before_anything_runs(
    design: Designs, installation: Installation
) -> None:
    os.remove(installation.weights / "RF2_ab.pt")
    failure = fails(design)
    assert failure.kind is FailureClass.INFRASTRUCTURE
    assert "RF2_ab.pt" in str(failure)
    assert not (installation.source / "calls.jsonl").exists()


def test_programs_that_are_not_there_are_a_fault_of_the_installation(
    design: Designs, installation: Installation
) -> None:
    os.remove(installation.source / ".venv" / "bin" / "rfdiffusion")
    failure = fails(design)
    assert failure.kind is FailureClass.INFRASTRUCTURE
    assert "cannot be started" in str(failure)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"item": {}}, "first_design"),
        ({"item": {"first_design": 0, "designs": 0}}, "designs"),
        ({"inputs": {}}, "target_map.json"),
        ({"parameters": {}}, "hotspots"),
    ],
)
def test_an_order_that_is_malformed_is_refused(
    installation: Installation, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(PredictionFailed, match=said) as caught:
        installation.predictor.predict(question(prepared(), **changes))
    assert caught.value.kind is FailureClass.INVALID_INPUT


def test_the_names_in_messages_are_the_campaigns_own(design: Designs, installation: Installation) -> None:
    installation.goes_wrong(rf2={"skips": [0]})
    missing: Any = design(first=9, designs=1).details["missing"]
    assert list(missing) == ["design_10_seq_1"]
    assert str(SEARCH_SEED) not in "".join(missing)
