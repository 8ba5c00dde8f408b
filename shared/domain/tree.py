"""
The countdown: how one hundred per cent is found exactly once, without a hot document.

All functions are of ``(N, K, W)`` only: N jobs of the round, K leaves, a window of W jobs in flight.
Job ``p`` belongs to leaf ``p mod K``; node ``k`` of a level counts into node ``k mod width`` above.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

FAN_IN = 32
JOBS_PER_LEAF = 50
MOST_LEAVES = 1000


def leaf_count(jobs: int, window: int) -> int:
    """K = clamp(ceil(N / 50), 1, min(1000, W)): every leaf has at least one job in the window."""
    return max(1, min(-(-jobs // JOBS_PER_LEAF), MOST_LEAVES, window))


@dataclass(frozen=True)
class Tree:
    """The tree and the release window of one round."""

    jobs: int
    leaves: int
    window: int

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Nodes per level, leaves first, root (always 1) last."""
        widths = [self.leaves]
        while widths[-1] > 1:
            widths.append(-(-widths[-1] // FAN_IN))
        return tuple(widths)

    @property
    def root_level(self) -> int:
        """The level of the root; 0 when the only leaf is the root."""
        return len(self.widths) - 1

    def nodes(self) -> Iterator[tuple[int, int]]:
        """Every ``(level, k)``, leaves first."""
        return ((level, k) for level, width in enumerate(self.widths) for k in range(width))

    def quota(self, level: int, k: int) -> int:
        """How many children node ``k`` of ``level`` waits for; jobs, for a leaf."""
        if level == 0:
            return share(self.jobs, self.leaves, k)
        return share(self.widths[level - 1], self.widths[level], k)

    def parent(self, level: int, k: int) -> tuple[int, int]:
        """The node that ``(level, k)`` counts into once it is full."""
        return level + 1, k % self.widths[level + 1]

    def leaf_of(self, position: int) -> int:
        """The leaf that counts the job at ``position``."""
        return position % self.leaves

    def positions(self, leaf: int) -> range:
        """The jobs of a leaf, in the order in which they are released."""
        return range(leaf, self.jobs, self.leaves)

    def first_release(self, leaf: int) -> int:
        """w: how many jobs of this leaf are published at submit; at least 1, and all w sum to W."""
        return min(self.quota(0, leaf), share(max(self.window, self.leaves), self.leaves, leaf))

    def released(self, leaf: int, n: int) -> range:
        """The jobs of the leaf released so far, when ``n`` of them have an outcome."""
        return self.positions(leaf)[: self.first_release(leaf) + n]

    def released_count(self, leaf: int, n: int) -> int:
        """How many those are."""
        return min(self.quota(0, leaf), self.first_release(leaf) + n)

    def releases_of(self, leaf: int, before: int, after: int) -> range:
        """The jobs released by the commit that moved the leaf's counter from ``before`` to ``after``."""
        w = self.first_release(leaf)
        return self.positions(leaf)[w + before : w + after]


def share(things: int, buckets: int, k: int) -> int:
    """How many of ``things``, dealt round robin to ``buckets``, bucket ``k`` gets."""
    return (things - k + buckets - 1) // buckets
