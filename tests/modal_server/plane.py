"""The calls of the control plane, and what becomes of them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from modal._serialization import deserialize_data_format, serialize, serialize_data_format
from modal_proto import api_pb2 as pb

Body = Callable[[bytes, str], bytes]
Status = pb.GenericResult


class Fate(Enum):
    """How a run ends that was started."""

    ANSWERS = auto()
    TIMES_OUT = auto()
    RAISES = auto()
    RAISES_TIMEOUT = auto()
    RAISES_UNKNOWN = auto()
    EXITS = auto()
    IS_LOST = auto()
    IS_EVICTED = auto()
    DOES_NOT_BEGIN = auto()
    NEVER_ENDS = auto()
    EXPIRES = auto()
    IS_FORGOTTEN = auto()


def _failed(status: int, text: str = "", error: BaseException | None = None) -> pb.GenericResult:
    data = serialize(error) if error is not None else b""
    return pb.GenericResult(status=status, exception=text, data=data)  # type: ignore[arg-type]


ENDS: dict[Fate, Callable[[], pb.GenericResult]] = {
    Fate.TIMES_OUT: lambda: _failed(Status.GENERIC_STATUS_TIMEOUT, "hit its timeout of 300s"),
    Fate.RAISES: lambda: _failed(Status.GENERIC_STATUS_FAILURE, error=RuntimeError("no space left")),
    Fate.RAISES_TIMEOUT: lambda: _failed(Status.GENERIC_STATUS_FAILURE, error=TimeoutError("read")),
    Fate.RAISES_UNKNOWN: lambda: pb.GenericResult(
        status=Status.GENERIC_STATUS_FAILURE, data=b"cnowhere.at.all\nOdd\n.", traceback="Odd: odd"
    ),
    Fate.EXITS: lambda: _failed(Status.GENERIC_STATUS_FAILURE, error=SystemExit(3)),
    Fate.IS_LOST: lambda: _failed(Status.GENERIC_STATUS_INTERNAL_FAILURE, "the worker is gone"),
    Fate.IS_EVICTED: lambda: _failed(Status.GENERIC_STATUS_KERNEL_OOM_KILL, "out of memory"),
    Fate.DOES_NOT_BEGIN: lambda: _failed(Status.GENERIC_STATUS_INIT_FAILURE, "the image has no such module"),
}


@dataclass
class Call:
    """One spawned call; ``result`` once it is over."""

    id: str
    function: str
    argument: bytes
    data_format: int
    fate: Fate
    gpu: str | None = None
    """The kind that was asked for; None: as deployed."""

    state: str = "waiting"
    result: pb.GenericResult | None = None


class Plane:
    """
    Calls in the order in which they were spawned.

    Nothing runs by itself: ``run`` makes the runs that wait with the ``body``. ``fate`` says by the
    number of a call, from 1, how it ends.
    """

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.body: Body = lambda argument, call_id: argument
        self.fate: Callable[[int], Fate] = lambda number: Fate.ANSWERS
        self.cancelled: list[str] = []
        self._lock = threading.Lock()

    def spawn(self, function: str, item: pb.FunctionInput, *, gpu: str | None = None) -> str:
        """A new call; its id."""
        with self._lock:
            number = len(self.calls) + 1
            fate = self.fate(number)
            call = Call(f"fc-{number:06}", function, item.args, item.data_format, fate, gpu)
            self.calls[call.id] = call
            return call.id

    def outputs(self, call_id: str) -> pb.FunctionGetOutputsResponse | None:
        """How a call stands; None if there is no such call."""
        call = self.calls.get(call_id)
        if call is None or (call.fate is Fate.IS_FORGOTTEN and call.state == "done"):
            return None
        if call.result is None:
            return pb.FunctionGetOutputsResponse(num_unfinished_inputs=1)
        if call.fate is Fate.EXPIRES:
            return pb.FunctionGetOutputsResponse()
        succeeded = call.result.status == Status.GENERIC_STATUS_SUCCESS
        form = call.data_format if succeeded else pb.DATA_FORMAT_PICKLE
        item = pb.FunctionGetOutputsItem(result=call.result, data_format=form)  # type: ignore[arg-type]
        return pb.FunctionGetOutputsResponse(outputs=[item])

    def cancel(self, call_id: str) -> bool:
        """End the call if it is not over; whether there is such a call."""
        if call_id not in self.calls:
            return False
        self.cancelled.append(call_id)
        self._end(self.calls[call_id], _failed(Status.GENERIC_STATUS_TERMINATED, "cancelled"))
        return True

    def count(self, state: str, function: str) -> int:
        """How many calls of a function are in a state."""
        return sum(call.state == state and call.function == function for call in self.calls.values())

    def begin(self, *, limit: int | None = None) -> list[Call]:
        """Take the calls that wait, or the first of them; oldest first."""
        with self._lock:
            taken = [call for call in self.calls.values() if call.state == "waiting"][:limit]
            for call in taken:
                call.state = "running"
            return taken

    def run(self, *, limit: int | None = None) -> int:
        """Make the runs that wait, one after the other; how many."""
        taken = self.begin(limit=limit)
        for call in taken:
            self.make(call)
        return len(taken)

    def make(self, call: Call) -> None:
        """One run, to the end that is fated."""
        if call.fate is Fate.NEVER_ENDS:
            return
        if call.fate in ENDS:
            self._end(call, ENDS[call.fate]())
            return
        arguments, _ = deserialize_data_format(call.argument, call.data_format, None)
        self.answer(call.id, self.body(arguments[0], call.id))

    def answer(self, call_id: str, answer: bytes) -> None:
        """The call returned this, unless it is over."""
        call = self.calls[call_id]
        data = serialize_data_format(answer, call.data_format)
        self._end(call, pb.GenericResult(status=Status.GENERIC_STATUS_SUCCESS, data=data))

    def _end(self, call: Call, result: pb.GenericResult) -> None:
        with self._lock:
            if call.state != "done":
                call.state, call.result = "done", result
