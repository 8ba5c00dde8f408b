"""Tests on the models' own programs, each left out where its model is not installed: ``docs/models.md``."""

from importlib.util import find_spec

NEEDS = {"test_boltz2.py": "boltz", "test_boltz2_predictor.py": "boltz"}

collect_ignore = [test for test, package in NEEDS.items() if find_spec(package) is None]
