"""
How a round and its counting tree come into being.

The nodes come first, and last of all, with the last of them, the record that makes the round known. So
there never is a round of which a node is missing, and what died on the way is completed by whoever
tries again. No node counts anything before its round is known.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from google.cloud.firestore import DocumentReference, WriteBatch

from shared.adapters.gcp.store import MOST_WRITES, Store, chunks
from shared.adapters.stamps import stamp
from shared.domain.lifecycle import tree_of
from shared.errors import Unavailable
from shared.models.facts import OutcomeKind, Round

COUNTERS = ("n", *(kind.value for kind in OutcomeKind), "ran", "busy", "troubles", "used", "spent")
MOST_TRIES = 20


def plant(
    store: Store, round: Round, record: DocumentReference, announce: Callable[[WriteBatch], object]
) -> bool:
    """
    Create all nodes of a round, and ``announce`` it by creating ``record``; False if that stood already.
    """
    nodes = [
        store.record(round.batch_id, "nodes", round.number, level, k) for level, k in tree_of(round).nodes()
    ]
    *before, last = chunks(nodes, MOST_WRITES)
    if before and store.get(record).exists:
        return False
    for some in before:
        _complete(store, some, round)

    def write(commit: WriteBatch) -> None:
        _create(last, round, commit)
        announce(commit)

    if store.tried(write) is not None:
        return True
    if store.get(record).exists:
        return False
    _complete(store, last, round)
    return store.tried(announce) is not None


def _complete(store: Store, nodes: Sequence[DocumentReference], round: Round) -> None:
    """Create those of the nodes that are missing."""
    missing = nodes
    for _ in range(MOST_TRIES):
        if not missing or store.tried(partial(_create, missing, round)) is not None:
            return
        missing = [found.reference for found in store.get_many(missing) if not found.exists]
    raise Unavailable(f"others are opening round {round.number} of {round.batch_id}")


def _create(nodes: Sequence[DocumentReference], round: Round, commit: WriteBatch) -> None:
    for node in nodes:
        commit.create(node, fresh_node(round))


def fresh_node(round: Round) -> dict[str, Any]:
    """A node that has counted nothing."""
    return {"data": {**dict.fromkeys(COUNTERS, 0), "moved_at": stamp(round.opened_at)}}
