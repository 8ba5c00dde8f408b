"""What a message carries beside its body: the trace that it belongs to."""

from shared import tracing
from shared.events.messages import Event, JobFinished, JobQueued


def postmark(event: Event) -> dict[str, str]:
    """
    The attributes of a message that is published here and now.

    A ligand's answer and its further attempts go on where they come from. A first attempt does not, though
    another ligand's end releases it: a library is no chain of ligands, each the parent of the next.
    """
    match event:
        case JobQueued(ref=ref):
            return tracing.mark(ref.job_id, goes_on=ref.attempt > 1)
        case JobFinished(envelope=envelope):
            return tracing.mark(envelope.ref.job_id, goes_on=True)
    return tracing.mark(None, goes_on=False)
