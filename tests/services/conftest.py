"""A chain on a home of its own: every test goes through the real entry points."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chain import Chain, chain_at
from tests.support.hooks import Receiver


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """The whole chain, under the test's control."""
    with chain_at(tmp_path) as chain:
        yield chain


@pytest.fixture
def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is told may be here."""
    monkeypatch.setenv("OMTX_WEBHOOK_LOOPBACK", "1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Whoever is told."""
    with Receiver() as made:
        yield made
