"""What this machine is doing, as it says itself. In a container, some of it is that of the whole host."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

BUSY = ("user", "nice", "system", "irq", "softirq", "steal")


@dataclass(frozen=True)
class Machine:
    """Shares in per cent, bytes since the machine began, seconds since this process did."""

    cpu: float
    memory: float
    disk: float
    received: int
    sent: int
    uptime: float


class Gauge:
    """
    Looks at the machine; ``folder`` is on the disk that counts.

    The share of the processors that were busy is that since the last look, or since this was made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen = _processor_times()
        self._busy = 0.0

    def read(self) -> Machine:
        """As it is now."""
        network = psutil.net_io_counters()
        return Machine(
            cpu=round(self._processor(), 1),
            memory=psutil.virtual_memory().percent,
            disk=psutil.disk_usage(str(_existing(self._folder))).percent,
            received=network.bytes_recv if network else 0,
            sent=network.bytes_sent if network else 0,
            uptime=round(time.time() - psutil.Process().create_time(), 1),
        )

    def _processor(self) -> float:
        with self._lock:
            busy, total = _processor_times()
            before = self._seen
            if total > before[1]:  # two looks at the same tick tell nothing new
                self._busy = 100 * (busy - before[0]) / (total - before[1])
                self._seen = busy, total
            return min(max(self._busy, 0.0), 100.0)


def _processor_times() -> tuple[float, float]:
    times = psutil.cpu_times()._asdict()
    busy = sum(times.get(name, 0.0) for name in BUSY)
    return busy, busy + times["idle"] + times.get("iowait", 0.0)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    folder = folder.resolve()
    return folder if folder.exists() else _existing(folder.parent)
