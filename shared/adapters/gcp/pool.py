"""Many small requests at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from shared.ports.blobs import Stat

AT_ONCE = 16
AHEAD, AHEAD_BYTES = 64, 32 << 20


def ordered(items: Iterable[tuple[str, bytes]], put: Callable[[str, bytes], Stat]) -> Iterator[Stat]:
    """
    ``put`` each item, some at once; the Stats in the order of the items.

    At most AHEAD items and about AHEAD_BYTES are held, and of two items with one key the second waits
    for the first.
    """
    waiting = deque[tuple[str, int, Future[Stat]]]()
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="put")
    try:
        for key, content in items:
            while _is_full(waiting) or any(key == other for other, _, _ in waiting):
                yield waiting.popleft()[2].result()
            waiting.append((key, len(content), pool.submit(put, key, content)))
        while waiting:
            yield waiting.popleft()[2].result()
    finally:
        pool.shutdown(cancel_futures=True)


def at_once(keys: Iterable[str], deed: Callable[[str], object]) -> None:
    """
    Do it for each key, some at the same time.

    At most AHEAD keys are held. The first failure, in the order of the keys, ends it.
    """
    waiting = deque[Future[object]]()
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="each")
    try:
        for key in keys:
            if len(waiting) == AHEAD:
                waiting.popleft().result()
            waiting.append(pool.submit(deed, key))
        for it in waiting:
            it.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _is_full(waiting: deque[tuple[str, int, Future[Stat]]]) -> bool:
    return len(waiting) >= AHEAD or sum(size for _, size, _ in waiting) >= AHEAD_BYTES
