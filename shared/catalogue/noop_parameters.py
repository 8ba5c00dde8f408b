"""Parameters of the test model."""

from typing import Annotated

from pydantic import Field, JsonValue

from shared.catalogue.preparing import Prepared, Target
from shared.errors import FieldError, InvalidInput
from shared.models.base import Frozen


class NoopParameters(Frozen):
    """
    What the test model is to do; each rate is decided by the ligand's seed.

    The ligands of ``failure_rate`` fail in that many ``failing_rounds``, then succeed.
    ``alignments`` asks for those of the target's sequence, in both forms.
    ``crash_attempts`` kills the worker process on that many first attempts of every ligand, and
    ``hang_attempts`` makes it sleep past its timeout. What the models of other tasks are told is taken,
    and ignored.
    """

    delay_seconds: Annotated[float, Field(ge=0, le=30)] = 0.0
    failure_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    failing_rounds: Annotated[int, Field(ge=1, le=100)] = 100
    payload_bytes: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    alignments: bool = False
    crash_attempts: Annotated[int, Field(ge=0, le=5)] = 0
    hang_attempts: Annotated[int, Field(ge=0, le=5)] = 0
    chains: JsonValue = None
    target_chain: JsonValue = None
    hotspots: JsonValue = None
    framework: JsonValue = None
    framework_file: JsonValue = None
    loops: JsonValue = None


def prepare(parameters: NoopParameters, target: Target) -> Prepared:
    """
    Nothing, unless alignments are asked for.

    Raises:
        InvalidInput: they are, and the target has no sequence.
    """
    if not parameters.alignments:
        return Prepared(parameters, target.structures)
    if target.sequence is None:
        message = "an alignment needs the target's sequence"
        raise InvalidInput(message, [FieldError("protein_sequence", message)])
    names = ("msa_1.csv", "msa_1.pqt")
    return Prepared(parameters, target.structures, alignments=dict.fromkeys(names, target.sequence))
