"""Whether a stage made what was asked of it. The exit status of these programs says nothing of that."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from modal_gpu.predictors.rfantibody.reader import Entry
from modal_gpu.predictors.rfantibody.stages import Campaign
from shared.catalogue.rfantibody_chain import TARGET_CHAIN

SEQUENCE, BEST = "_dldesign_", "_best"
NEEDED = ("interaction_pae", "pae", "pred_lddt")
T = TypeVar("T")


@dataclass(frozen=True)
class Checked:
    """The entries that can be used, by tag, and why each of the others that were due cannot."""

    good: Mapping[str, Entry]
    lost: Mapping[str, str]


def check_backbones(campaign: Campaign, found: Sequence[Entry]) -> Checked:
    """Every design with a finite distance to the hotspots: none means that no hotspot was recognised."""
    return _sorted_out(campaign.tags, found, _wrong_with_backbone)


def check_sequences(campaign: Campaign, backbones: Iterable[str], found: Sequence[Entry]) -> Checked:
    """So many sequences for each backbone, none unknown, with loops that are more than glycine."""
    due = [each for tag in backbones for each in sequence_tags(campaign, tag)]
    loops = [loop.name for loop in campaign.parameters.designed]
    return _sorted_out(due, found, lambda it: _wrong_with_sequence(it, loops))


def sequence_tags(campaign: Campaign, backbone: str) -> list[str]:
    """The tags that ProteinMPNN gives the sequences of a backbone."""
    return [f"{backbone}{SEQUENCE}{number}" for number in range(campaign.parameters.sequences_per_backbone)]


def check_predictions(campaign: Campaign, designed: Mapping[str, Entry], found: Sequence[Entry]) -> Checked:
    """A prediction of every sequence, of that sequence and this target, with finite scores."""
    due = {f"{tag}{BEST}": it for tag, it in designed.items()}
    target = [residue.name for residue in campaign.numbers.residues]
    found_out = _sorted_out(due, found, lambda it: _wrong_with_prediction(it, due[it.tag], target))
    return Checked(_without_best(found_out.good), _without_best(found_out.lost))


def _without_best(by_tag: Mapping[str, T]) -> dict[str, T]:
    return {tag.removesuffix(BEST): value for tag, value in by_tag.items()}


def _sorted_out(due: Iterable[str], found: Sequence[Entry], wrong: Callable[[Entry], str | None]) -> Checked:
    """What is due, each looked at once; an entry that nobody asked for counts for nothing."""
    times = Counter(it.tag for it in found)
    by_tag = {it.tag: it for it in found}
    good, lost = {}, {}
    for tag in due:
        if tag not in by_tag:
            lost[tag] = "was not written"
        elif times[tag] > 1:
            lost[tag] = "was written more than once"
        elif (reason := wrong(by_tag[tag])) is not None:
            lost[tag] = reason
        else:
            good[tag] = by_tag[tag]
    return Checked(good, lost)


def _wrong_with_backbone(found: Entry) -> str | None:
    if "mindist" not in found.scores:
        return "has no distance to the hotspots: RFdiffusion recognised none of them"
    if not math.isfinite(found.scores["mindist"]):
        return "has coordinates that are not numbers"
    if not found.antibody or not found.target:
        return "lacks a chain"
    return None


def _wrong_with_sequence(found: Entry, loops: Sequence[str]) -> str | None:
    if not found.antibody or "X" in found.antibody:
        return "has unknown amino acids"
    unlabelled = [name for name in loops if name not in found.loops]
    if unlabelled:
        return f"has no loop {unlabelled[0]}"
    if not set("".join(found.loops[name] for name in loops)) - {"G"}:
        return "has loops of nothing but glycine: no sequence was designed"
    return None


def _wrong_with_prediction(found: Entry, designed: Entry, target: Sequence[str]) -> str | None:
    if found.antibody != designed.antibody:
        return "model_substituted_record: is of another antibody than the one that was designed"
    if [name for chain, name in found.residues if chain == TARGET_CHAIN] != list(target):
        return "model_substituted_record: is with another target than the one that was given"
    missing = [name for name in NEEDED if not math.isfinite(found.scores.get(name, math.nan))]
    if missing:
        return f"has no {missing[0]}"
    return None
