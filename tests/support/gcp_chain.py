"""The chain with its state in Firestore; messages, objects and runs stay embedded."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from shared import wiring
from shared.ports.ledger import Ledger
from tests.support.firestore import Ledgers


@contextmanager
def ledgers_in_firestore(new_ledger: Ledgers, **how: object) -> Iterator[None]:
    """What is wired here keeps its state there; whatever restarts forgets what its ledger remembered."""

    @cache
    def ledger() -> Ledger:
        return new_ledger(**how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "_CHOICES", (*wiring._CHOICES, ledger))
        patch.setattr(wiring, "ledger", ledger)
        yield
