"""What calls to Firestore cost, counted as they are billed: by record, not by call."""

import math
import threading
from dataclasses import dataclass, field

from google.cloud.firestore_v1.types import (
    BatchGetDocumentsResponse,
    CommitRequest,
    RunAggregationQueryResponse,
    RunQueryResponse,
)

ENTRIES_PER_READ = 1000


@dataclass
class Meter:
    """
    Reads, writes and deletes so far; ``see`` is what a relay tells of each call.

    A record that was asked for and is not there is read all the same, a query without an answer costs
    one read, and an aggregation one for each thousand index entries.
    """

    reads: int = 0
    writes: int = 0
    deletes: int = 0
    commits: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def see(self, method: str, request: bytes, answers: list[bytes]) -> None:
        """Count one call."""
        reads = writes = deletes = commits = 0
        match method:
            case "Commit":
                asked = CommitRequest.deserialize(request).writes
                deletes = sum("delete" in write for write in asked)
                writes, commits = len(asked) - deletes, 1
            case "BatchGetDocuments":
                told = map(BatchGetDocumentsResponse.deserialize, answers)
                reads = sum("found" in it or "missing" in it for it in told)
            case "RunQuery":
                reads = max(1, sum("document" in RunQueryResponse.deserialize(it) for it in answers))
            case "RunAggregationQuery":
                reads = sum(_entries_read(RunAggregationQueryResponse.deserialize(it)) for it in answers)
            case _:
                raise ValueError(f"nobody said what {method} costs")
        with self._lock:
            self.reads += reads
            self.writes += writes
            self.deletes += deletes
            self.commits += commits


def _entries_read(answer: RunAggregationQueryResponse) -> int:
    counts = [value.integer_value for value in answer.result.aggregate_fields.values()]
    return max(1, math.ceil(max(counts, default=0) / ENTRIES_PER_READ))
