"""The ``Runs`` port on Modal, which lists no calls: what it could tell, it tells its own dashboard."""

from collections.abc import Mapping

from shared.ports.engine import Run


class ModalRuns:
    """What runs at Modal is not known here; nothing is asked, so that whoever shows it needs no token."""

    def counts(self) -> Mapping[str, int] | None:
        """See ``Runs.counts``."""
        return None

    def running(self, *, limit: int) -> list[Run] | None:
        """See ``Runs.running``."""
        return None
