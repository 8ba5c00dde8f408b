"""What a container at Modal imports before its snapshot, with the real programs."""

import json
import subprocess
import sys
from importlib.util import find_spec

MODEL = "boltz2" if find_spec("boltz") else "chai1"
NETWORKS = {
    "boltz2": {"boltz.model.models.boltz2", "boltz.main", "pytorch_lightning", "rdkit.Chem"},
    "chai1": {"chai_lab.chai1", "chai_lab.data.dataset.inference_dataset", "rdkit.Chem"},
}


def test_the_programs_are_imported_and_no_gpu_is_looked_for() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.models.before_the_snapshot", MODEL]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["asked"] == []
    assert NETWORKS[MODEL] <= set(said["modules"])
