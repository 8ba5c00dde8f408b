"""A chain on a home of its own: every test goes through the real entry points."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chain import Chain, chain_at


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """The whole chain, under the test's control."""
    with chain_at(tmp_path) as chain:
        yield chain
