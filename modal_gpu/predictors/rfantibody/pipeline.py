"""The three stages in turn; after each, what can be used goes on, and why the rest cannot is remembered."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modal_gpu.predictors.rfantibody import stages
from modal_gpu.predictors.rfantibody.checks import (
    Checked,
    check_backbones,
    check_predictions,
    check_sequences,
    sequence_tags,
)
from modal_gpu.predictors.rfantibody.failures import failure
from modal_gpu.predictors.rfantibody.programs import Ended, Programs
from modal_gpu.predictors.rfantibody.reader import Entry, read_folder, read_quiver
from modal_gpu.predictors.rfantibody.stages import Campaign
from modal_gpu.recording import stage

log = logging.getLogger("omtx.run")


@dataclass(frozen=True)
class Result:
    """Predictions by tag of their sequence, backbones by tag, and by tag why something is missing."""

    predictions: Mapping[str, Entry]
    backbones: Mapping[str, Entry]
    lost: Mapping[str, str]


@dataclass
class Pipeline:
    """One job in one fresh folder."""

    campaign: Campaign
    programs: Programs
    folder: Path
    _lost: dict[str, str] = field(default_factory=dict)

    def run(self, *, target: Path, framework: Path) -> Result:
        """
        Design backbones and sequences, predict them.

        Raises:
            PredictionFailed: nothing at all came out of a stage; the class is that of its program's failure.
        """
        backbones = self._backbones(target, framework)
        sequences = self._sequences(backbones)
        predictions = self._predictions(sequences)
        return Result(predictions, backbones, self._lost)

    def _backbones(self, target: Path, framework: Path) -> Mapping[str, Entry]:
        out = self.folder / "backbones.qv"
        with stage("rfdiffusion, backbones"):
            ended = self.programs.run(
                stages.rfdiffusion(self.campaign, target=target, framework=framework, out=out)
            )
        checked = check_backbones(self.campaign, read_quiver(out))
        for tag, reason in _reasons(checked, ended):
            self._lost |= dict.fromkeys(sequence_tags(self.campaign, tag), f"its backbone {reason}")
        return _useful(checked, ended)

    def _sequences(self, backbones: Mapping[str, Entry]) -> Mapping[str, Entry]:
        """
        Once with its reasons for failing, and if it failed, once more without.

        A design that fails stops it in the first form, and is passed over without a word in the second.
        """
        given = self.folder / "good_backbones.qv"
        _write(given, backbones)
        with stage("proteinmpnn, sequences"):
            out = self.folder / "sequences.qv"
            ended = self.programs.run(stages.proteinmpnn(self.campaign, backbones=given, out=out, debug=True))
            checked = check_sequences(self.campaign, backbones, read_quiver(out))
            if ended.status and checked.lost:
                log.warning("proteinmpnn failed on a design; the others are designed without it")
                out = self.folder / "more_sequences.qv"
                (self.folder / "check.point").unlink(missing_ok=True)
                self.programs.run(stages.proteinmpnn(self.campaign, backbones=given, out=out, debug=False))
                checked = check_sequences(self.campaign, backbones, read_quiver(out))
        self._lost |= dict(_reasons(checked, ended))
        return _useful(checked, ended)

    def _predictions(self, sequences: Mapping[str, Entry]) -> Mapping[str, Entry]:
        given, out = self.folder / "good_sequences.qv", self.folder / "predictions"
        _write(given, sequences)
        with stage("rf2, predictions"):
            ended = self.programs.run(stages.rf2(self.campaign, sequences=given, out=out))
        checked = check_predictions(self.campaign, sequences, read_folder(out))
        self._lost |= {tag: f"its prediction {reason}" for tag, reason in _reasons(checked, ended)}
        return _useful(checked, ended)


def _reasons(checked: Checked, ended: Ended) -> Iterator[tuple[str, str]]:
    """Why something is missing, with what the program said if it ended badly."""
    for tag, reason in checked.lost.items():
        log.warning("%s %s", tag, reason)
        yield tag, f"{reason}; {failure(ended, reason)}" if ended.status else reason


def _useful(checked: Checked, ended: Ended) -> Mapping[str, Entry]:
    """What can go on; if there is nothing, that is the failure of the program."""
    if not checked.good:
        raise failure(ended, next(iter(checked.lost.values())))
    return checked.good


def _write(path: Path, entries: Mapping[str, Entry]) -> None:
    """A Quiver file of these entries, for the next program."""
    path.write_text("".join(f"QV_TAG {tag}\n{it.text}" for tag, it in entries.items()))
