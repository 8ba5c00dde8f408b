"""What an image at Modal names is what our code in it imports, down to what is imported late."""

import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from modal_gpu.hosting import HOSTED
from modal_gpu.predictors import PREDICTORS, RUNNERS

ROOT = Path(__file__).resolve().parents[2]
OURS = ("modal_gpu", "shared")
PACKAGED_AS = {"yaml": "pyyaml"}
STANDARD = sys.stdlib_module_names
COMMON = ("modal_gpu.body", "modal_gpu.weights")


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """Who imports whom, our modules and the roots of others."""
    return grimp.build_graph(*OURS, include_external_packages=True, cache_dir=None)


def named(path: Path) -> Iterator[str]:
    """The packages that a list of requirements names itself."""
    for line in path.read_text().splitlines():
        yield canonicalize_name(Requirement(line.partition(" #")[0]).name)


@pytest.mark.parametrize("model", sorted(HOSTED))
def test_an_image_names_every_package_that_our_code_in_it_imports(
    imports: grimp.ImportGraph, model: str
) -> None:
    predictor = PREDICTORS[model].partition(":")[0]
    begun = [*COMMON, predictor, *([RUNNERS[model]] if model in RUNNERS else [])]
    reached = {name for it in begun for name in imports.find_upstream_modules(it)}
    outside = {name for name in reached if not name.startswith(OURS)} - STANDARD
    wanted = {canonicalize_name(PACKAGED_AS.get(name, name)) for name in outside}
    assert {"httpx", "pydantic"} <= wanted
    assert wanted - set(named(ROOT / "modal_gpu" / "images" / f"{model}.in")) == set()
