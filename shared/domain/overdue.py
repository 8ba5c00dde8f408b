"""What of a round is overdue at ``now``: pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from shared.domain.tree import Tree
from shared.models.facts import Closing, Leaf, Node


def quiet_leaves(tree: Tree, leaves: Sequence[Leaf], *, now: datetime, quiet: timedelta) -> list[Leaf]:
    """Leaves that are not full and neither moved nor were nudged for ``quiet``."""
    return [
        leaf
        for leaf in leaves
        if leaf.n < tree.quota(0, leaf.k)
        and max(leaf.moved_at, leaf.nudged_at or leaf.moved_at) <= now - quiet
    ]


def holed_leaves(
    tree: Tree, leaves: Sequence[Leaf], open_places: Sequence[int], started: Callable[[Leaf], range]
) -> list[Leaf]:
    """
    Leaves of which fewer jobs have an outcome or are in flight than were ``started``, by arithmetic.

    An attempt that outlived its outcome can hide a hole until it is off the overdue list.
    """
    in_flight = Counter(tree.leaf_of(place) for place in open_places)
    return [leaf for leaf in leaves if leaf.n + in_flight[leaf.k] < len(started(leaf))]


def uncounted(tree: Tree, nodes: Sequence[Node]) -> Iterator[tuple[int, int, int]]:
    """
    Full nodes that their parent may not have counted, as ``(level, k, n)``; the full root too.

    A parent shows how many children it counted, not which: all its full children are named.
    """
    n = {(node.level, node.k): node.n for node in nodes}
    full = {place for place, count in n.items() if count == tree.quota(*place)}
    children: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for level, k in sorted(full):
        if level == tree.root_level:
            yield level, k, n[level, k]
        else:
            children.setdefault(tree.parent(level, k), []).append((level, k))
    for parent, known in children.items():
        if n[parent] < len(known):
            yield from ((level, k, n[level, k]) for level, k in known)


def needs_aggregation(closing: Closing, *, now: datetime, quiet: timedelta) -> bool:
    """Whether a closed round that is not finished should be announced again."""
    if closing.finished_at is not None:
        return False
    if closing.announced_at is None:
        return True
    return now >= max(closing.announced_at + quiet, closing.lease_until or closing.closed_at)
