"""What is started part by part, and ended in reverse."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from types import TracebackType
from typing import Self


class Parts(ABC):
    """A context manager; a start that fails half way ends the parts that were started."""

    _exit: ExitStack

    @abstractmethod
    def _start(self, stack: ExitStack) -> None:
        """Start each part, and leave with the stack how it ends."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()
