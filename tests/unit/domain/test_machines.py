"""The names that drivers give, and the names that have prices."""

import pytest

from shared.domain.machines import gpu_of


@pytest.mark.parametrize(
    ("machine", "gpu"),
    [
        ("Tesla T4", "T4"),
        ("NVIDIA T4", "T4"),
        ("NVIDIA L4", "L4"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA A10", "A10"),
        ("NVIDIA A10G", "A10"),
        ("NVIDIA A100-SXM4-40GB", "A100-40GB"),
        ("NVIDIA A100-PCIE-40GB", "A100-40GB"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("NVIDIA A100 80GB PCIe", "A100-80GB"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA B200", "B200"),
    ],
)
def test_a_driver_s_name_tells_which_price_applies(machine: str, gpu: str) -> None:
    assert gpu_of(machine) == gpu


@pytest.mark.parametrize(
    "machine", ["", "modal-worker-7", "NVIDIA GeForce RTX 4090", "NVIDIA L40", "NVIDIA T4, NVIDIA T4", "A100"]
)
def test_a_name_that_is_not_known_or_tells_of_several_has_no_price(machine: str) -> None:
    assert gpu_of(machine) is None
