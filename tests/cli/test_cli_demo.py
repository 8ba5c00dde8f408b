"""The sample screen, for real: docking, the comparison with experiment, the audit."""

import re
from pathlib import Path

import pytest

from tests.cli.program import Omtx

QUICK = ("--param", "exhaustiveness=1", "--param", "runs=1")


@pytest.mark.slow
def test_the_demo_docks_ranks_compares_and_verifies(alone: Omtx) -> None:
    answer = alone("demo", *QUICK)
    assert answer.code == 0, answer.err
    assert "submitted 12 = 12 completed + 0 failed + 0 invalid + 0 filtered + 0 cancelled\n" in answer.out
    assert "kcal/mol" in answer.out
    assert "lower is stronger" in answer.out
    words = " ".join(answer.out.split())
    rho = re.search(r"Spearman rank correlation of .*?: (-?\d\.\d\d), n = 12", words)
    assert rho is not None
    assert float(rho[1]) > 0
    assert "Docking ranks weakly" in words
    ranks = [int(rank) for rank in re.findall(r"│ +(\d+) │", answer.out)]
    assert ranks == list(range(1, 13))
    folder = re.search(r"artefacts: (\S+)", words)
    assert folder is not None
    assert len(list(Path(folder[1]).glob("jobs/*/ligand.sdf"))) == 12


def test_the_demo_fails_if_no_ligand_can_be_docked(alone: Omtx) -> None:
    answer = alone("demo", "--param", 'box={"center": [500, 0, 0], "size": [20, 20, 20]}')
    assert answer.code == 5
    assert "parameters.box" in answer.err
