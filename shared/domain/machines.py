"""From the name that a machine's driver gives its GPU to the name under which it has a price: pure."""

import re

_NAMES = tuple(
    (re.compile(pattern), gpu)
    for pattern, gpu in (
        (r"(Tesla )?T4", "T4"),
        (r"L4", "L4"),
        (r"L40S", "L40S"),
        (r"A10G?", "A10"),
        (r"A100-(SXM4|PCIE)-40GB", "A100-40GB"),
        (r"A100-(SXM4|PCIE)-80GB|A100 80GB PCIe", "A100-80GB"),
        (r"RTX PRO 6000\b.*", "RTX-PRO-6000"),
        (r"H100\b.*", "H100"),
        (r"H200\b.*", "H200"),
        (r"B200\b.*", "B200"),
    )
)


def gpu_of(machine: str) -> str | None:
    """
    ``NVIDIA A100-SXM4-40GB`` → ``A100-40GB``; None for a name that is not known, or that names several.
    """
    name = machine.removeprefix("NVIDIA ")
    if "," in name:
        return None
    return next((gpu for pattern, gpu in _NAMES if pattern.fullmatch(name)), None)
