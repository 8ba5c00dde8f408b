"""Tests on the models' own programs, each left out where its model is not installed: ``docs/models.md``."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NEEDS = {
    "test_before_the_snapshot.py": "torch",
    "test_boltz2.py": "boltz",
    "test_boltz2_predictor.py": "boltz",
    "test_chai.py": "chai_lab",
    "test_chai_templates.py": "chai_lab",
}

collect_ignore = [test for test, package in NEEDS.items() if find_spec(package) is None]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of Chai-1's stand-ins, which the command line takes for its downloads."""
    folder = tmp_path_factory.mktemp("weights")
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("chai_stand_ins.py")), str(folder)], check=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAI_DOWNLOADS_DIR", str(folder))
        patch.setenv("OMTX_WEIGHTS", str(folder))
        patch.setenv("OMTX_ACCELERATOR", "cpu")
        patch.setenv("OMP_NUM_THREADS", "1")
        yield folder


@pytest.fixture(scope="session")
def predictor(weights: Path) -> Any:
    """One Chai-1 for all tests, as in a container; its files are out of reach after it has loaded."""
    from modal_gpu.predictors.chai1.predictor import Chai1Predictor

    made = Chai1Predictor()
    made.load()
    return made
