"""
The warm body against the genuine command line, with the real package and random weights on a processor.

Each input is predicted once by ``boltz predict`` in a process of its own; the one warm body of this file must
then leave the same bytes, whatever it did before.
"""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from boltz.model.models.boltz2 import Boltz2

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.boltz2.runner import Warm
from shared.models.work import FailureClass
from tests.models import boltz_cache, boltz_command_line
from tests.models.boltz_command_line import written
from tests.models.boltz_inputs import (
    ALIGNMENT,
    ASPIRIN,
    QUICK,
    Input,
    component,
    ligand,
    protein,
    screened,
)

INVALID, MEMORY = FailureClass.INVALID_INPUT, FailureClass.OUT_OF_MEMORY
POCKET = [{"pocket": {"binder": "L", "contacts": [["A", 3], ["A", 7]], "max_distance": 6}}]
ALIGNED = {"query.a3m": ALIGNMENT}
INPUTS = {
    it.name: it
    for it in (
        Input("aspirin", screened(ASPIRIN)),
        Input("plain", screened(ASPIRIN, affinity=False)),
        Input("plain-again", screened(ASPIRIN, affinity=False), seed=7),
        Input(
            "stereo",
            screened("C[C@H](N)C(=O)N/C=C/c1ccccc1", constraints=POCKET),
            replace(QUICK, use_potentials=True, affinity_mw_correction=True, sampling_steps=3),
            seed=4,
        ),
        Input(
            "aligned",
            screened("CC(C)Cc1ccc(cc1)C(C)C(=O)O", protein(msa="FOLDER/query.a3m"), affinity=False),
            replace(
                QUICK,
                recycling_steps=1,
                diffusion_samples=3,
                max_parallel_samples=1,
                step_scale=1.2,
                subsample_msa=True,
                num_subsampled_msa=2,
                method="x-ray diffraction",
            ),
            seed=2_000_000_011,
            files=ALIGNED,
        ),
        Input(
            "chains",
            screened(
                "NC(=O)c1cccnc1",
                protein(["A", "B"]),
                protein("E", sequence="GSHMKVLAA"),
                {"dna": {"id": "D", "sequence": "ACGT"}},
                component("ATP"),
                component("MG", "M"),
            ),
            replace(QUICK, diffusion_samples_affinity=2),
            seed=5,
        ),
    )
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the model loads, with random weights."""
    os.environ["OMP_NUM_THREADS"] = "1"
    return boltz_cache.build(tmp_path_factory.mktemp("boltz-cache"))


@pytest.fixture(scope="session")
def genuine(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """By input, what the command line leaves."""
    folder = tmp_path_factory.mktemp("genuine")
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda it: boltz_command_line.predict(it, folder / it.name, cache), INPUTS.values())
        return dict(zip(INPUTS, found, strict=True))


@pytest.fixture(scope="session")
def warm(cache: Path) -> Iterator[Warm]:
    """One body for all tests: what any leaves behind, the next would show."""
    body = Warm(cache, "cpu", kernels=False)
    yield body
    body.close()


def predicted(warm: Warm, asked: Input, folder: Path, **limits: float) -> dict[str, bytes]:
    """The files that the warm body leaves."""
    path = asked.write(folder)
    return written(warm.run(path, folder, asked.sampling, seed=asked.seed, **limits))


def refused(warm: Warm, asked: Input, folder: Path, **limits: float) -> PredictionFailed:
    """Why the warm body gives no answer."""
    with pytest.raises(PredictionFailed) as caught:
        predicted(warm, asked, folder, **limits)
    return caught.value


@contextmanager
def failing(network: str, error: Exception) -> Iterator[None]:
    """Let one of the two networks raise when it computes."""
    genuine = Boltz2.forward

    def forward(self: Any, *given: Any, **named: Any) -> Any:
        if self.affinity_prediction == (network == "affinity"):
            raise error
        return genuine(self, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Boltz2, "forward", forward)
        yield


def test_the_genuine_answers_depend_on_the_seed_so_that_equal_ones_say_something(
    genuine: dict[str, dict[str, bytes]],
) -> None:
    first, second = genuine["plain"], genuine["plain-again"]
    for kind in ("{}_model_0.cif", "confidence_{}_model_0.json", "pae_{}_model_0.npz"):
        assert first[kind.format("plain")] != second[kind.format("plain-again")]


@pytest.mark.parametrize("name", INPUTS)
def test_a_ligand_has_the_bytes_of_the_command_line(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path, name: str
) -> None:
    found = predicted(warm, INPUTS[name], tmp_path)
    assert sorted(found) == sorted(genuine[name])
    assert [it for it in found if found[it] != genuine[name][it]] == []


def test_order_and_neighbours_make_no_difference(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    order = ["aligned", "plain", "aspirin", "stereo", "plain-again", "chains", "aspirin"]
    for place, name in enumerate(order):
        assert predicted(warm, INPUTS[name], tmp_path / str(place)) == genuine[name], (place, name)
        refused(warm, Input("bad", screened("C1CC")), tmp_path / f"{place}-bad")


LONG = "C" * 129
REFUSED = {
    "a SMILES that does not parse": (screened("C1CC"), "SMILES cannot be parsed"),
    "a valence": (screened("C(C)(C)(C)(C)C"), "valence"),
    "a salt": (screened("CC(=O)[O-].[Na+]"), "counter-ions"),
    "a metal": (screened("C[Hg]C"), "metals"),
    "too many atoms": (screened(LONG), "too large"),
    "two copies": (
        screened(ASPIRIN) | {"sequences": [protein(), ligand(ASPIRIN, ["L", "M"])]},
        "multiple copies",
    ),
    "no YAML": ("sequences: [a: b: c", "not YAML"),
    "no sequences": ("version: 1", "sequences"),
    "a missing alignment file": (screened(ASPIRIN, protein(msa="FOLDER/none.a3m")), "chain A is missing"),
    "no alignment": (screened(ASPIRIN, protein(msa=None)), "no alignment"),
    "an empty alignment": (screened(ASPIRIN, protein(msa="FOLDER/empty.a3m")), "chain A is empty"),
    "an alignment of another protein": (
        screened(ASPIRIN, protein(msa="FOLDER/query.a3m", sequence="MKTAYIAKQRQISFVKSHFT")),
        "another protein",
    ),
    "an alignment that is too short": (screened(ASPIRIN, protein(msa="FOLDER/short.csv")), "another protein"),
    "an unknown chain": (
        screened(ASPIRIN, constraints=[{"pocket": {"binder": "Z", "contacts": [["A", 3]]}}]),
        "Z",
    ),
    "a chain's name": (screened(ASPIRIN, protein("TOOLONG")), "KeyError"),
    "an unknown component": (screened(ASPIRIN, protein(), component("QQQ")), "QQQ"),
    "no conformer": (screened("C1#CC1"), "three-dimensional"),
}
FILES = ALIGNED | {"empty.a3m": "", "short.csv": "key,sequence\n-1,MKTAYIAK\n"}


@pytest.mark.parametrize("case", REFUSED)
def test_an_input_that_the_model_refuses_or_would_misread_is_invalid_and_harms_no_other(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path, case: str
) -> None:
    document, reason = REFUSED[case]
    failure = refused(warm, Input("bad", document, files=FILES), tmp_path / "bad")
    assert failure.kind is INVALID
    assert reason in str(failure)
    assert predicted(warm, INPUTS["plain"], tmp_path / "good") == genuine["plain"]


@pytest.mark.parametrize("affinity", [True, False])
@pytest.mark.parametrize("network", ["structure", "affinity"])
def test_running_out_of_memory_in_a_pass_is_told_and_harms_no_other(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path, network: str, affinity: bool
) -> None:
    asked = Input("large", screened(ASPIRIN, affinity=affinity))
    with failing(network, RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")):
        if network == "affinity" and not affinity:
            assert "large_model_0.cif" in predicted(warm, asked, tmp_path / "large")
        else:
            failure = refused(warm, asked, tmp_path / "large")
            assert (failure.kind, network in str(failure)) == (MEMORY, True)
    assert predicted(warm, INPUTS["aspirin"], tmp_path / "good") == genuine["aspirin"]


def test_an_error_of_the_network_is_the_models_and_harms_no_other(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    with failing("affinity", RuntimeError("shapes cannot be multiplied")):
        failure = refused(warm, INPUTS["aspirin"], tmp_path / "bad")
    assert (failure.kind, "shapes" in str(failure)) == (FailureClass.MODEL_ERROR, True)
    assert predicted(warm, INPUTS["aspirin"], tmp_path / "good") == genuine["aspirin"]


def test_a_folder_that_holds_another_run_is_not_used(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    (tmp_path / "boltz_results_plain" / "predictions" / "plain").mkdir(parents=True)
    assert refused(warm, INPUTS["plain"], tmp_path).kind is FailureClass.INFRASTRUCTURE
    assert predicted(warm, INPUTS["plain"], tmp_path / "good") == genuine["plain"]


def test_what_the_featuriser_cannot_take_fails_at_once(warm: Warm, tmp_path: Path) -> None:
    asked = Input("odd", screened(ASPIRIN, protein(msa="FOLDER/query.a3m")), files=FILES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modal_gpu.predictors.boltz2.runner.check_alignments", lambda path: None)
        failure = refused(warm, replace(asked, files=FILES | {"query.a3m": ""}), tmp_path, seconds=60.0)
    assert (failure.kind, "index 0 is out of bounds" in str(failure)) == (INVALID, True)


def test_reading_that_takes_too_long_is_ended_and_harms_no_other(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    slow = Input("slow", screened("C" * 130, affinity=False))
    failure = refused(warm, slow, tmp_path / "slow", seconds=3.0)
    assert (failure.kind, "reading" in str(failure)) == (FailureClass.TIMEOUT, True)
    assert predicted(warm, INPUTS["plain"], tmp_path / "good") == genuine["plain"]


def test_a_pass_that_takes_too_long_ends_itself_and_harms_no_other(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    slow = replace(INPUTS["plain"], name="slow", sampling=replace(QUICK, sampling_steps=20_000))
    failure = refused(warm, slow, tmp_path / "slow", seconds=5.0)
    assert (failure.kind, "structure" in str(failure)) == (FailureClass.TIMEOUT, True)
    assert predicted(warm, INPUTS["plain"], tmp_path / "good") == genuine["plain"]


def test_the_process_that_reads_inputs_is_started_again_when_it_died(
    warm: Warm, genuine: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    os.kill(warm._parsing.start().pid, signal.SIGKILL)
    found = [refused_or_predicted(warm, tmp_path / str(number)) for number in range(2)]
    assert found[-1] == genuine["plain"]
    assert found[0] in (FailureClass.INFRASTRUCTURE, genuine["plain"])


def refused_or_predicted(warm: Warm, folder: Path) -> Any:
    """The class of the failure, or the files."""
    try:
        return predicted(warm, INPUTS["plain"], folder)
    except PredictionFailed as failure:
        return failure.kind


@pytest.mark.parametrize(
    "message", ["CUDA error: an illegal memory access was encountered", "cuDNN error: 8"]
)
def test_after_an_error_that_breaks_the_gpu_the_process_answers_nothing_any_more(
    cache: Path, tmp_path: Path, message: str
) -> None:
    body = Warm(cache, "cpu", kernels=False)
    try:
        with failing("structure", RuntimeError(message)):
            assert refused(body, INPUTS["aspirin"], tmp_path / "1").kind is FailureClass.INFRASTRUCTURE
        assert not body.usable
        assert refused(body, INPUTS["aspirin"], tmp_path / "2").kind is FailureClass.INFRASTRUCTURE
    finally:
        body.close()


@pytest.mark.parametrize(("harm", "said"), [("missing", "not complete"), ("cut", "cannot be loaded")])
def test_weights_that_are_missing_or_cut_off_are_no_ligands_fault(
    cache: Path, tmp_path: Path, harm: str, said: str
) -> None:
    broken = tmp_path / "cache"
    broken.mkdir()
    for it in ("boltz2_conf.ckpt", "mols"):
        (broken / it).symlink_to(cache / it)
    if harm == "cut":
        (broken / "boltz2_aff.ckpt").write_bytes((cache / "boltz2_aff.ckpt").read_bytes()[:5_000_000])
    body = Warm(broken, "cpu", kernels=False)
    failure = refused(body, INPUTS["aspirin"], tmp_path / "run")
    body.close()
    assert (failure.kind, said in str(failure)) == (FailureClass.INFRASTRUCTURE, True)
