"""Design with RFantibody as a predictor: a share of a campaign's backbones per job, by three programs."""

import contextlib
import logging
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from modal_gpu.hosting import RFANTIBODY
from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from modal_gpu.predictors.rfantibody import report, stages
from modal_gpu.predictors.rfantibody.checks import SEQUENCE
from modal_gpu.predictors.rfantibody.pipeline import Pipeline, Result
from modal_gpu.predictors.rfantibody.programs import Programs
from modal_gpu.predictors.rfantibody.ranking import Design, ranked
from modal_gpu.predictors.rfantibody.stages import Campaign
from shared.catalogue.rfantibody_chain import TargetMap
from shared.catalogue.rfantibody_parameters import DesignShare, RfantibodyParameters
from shared.catalogue.rfantibody_target import FRAMEWORK, NUMBERS, TARGET
from shared.models.work import FailureClass
from shared.settings.containers import RfantibodySettings, environment_for_programs

MARGIN_SECONDS, MARGIN_SHARE = 20.0, 0.05  # for the uploads, at the end of a run's time

log = logging.getLogger("omtx.run")


class RfantibodyPredictor:
    """Implements ``Predictor``; of a run, the next one has nothing but what the programs cache at home."""

    def __init__(self, place: RfantibodySettings | None = None) -> None:
        self._place = place or RfantibodySettings()
        self._home = Path(tempfile.mkdtemp(prefix="rfantibody-home-"))
        weakref.finalize(self, shutil.rmtree, self._home, ignore_errors=True)

    def predict(self, question: Question) -> Prediction:
        """
        Design, and rank what was designed.

        The designs that there are count, even if some are missing; none at all is a failure.

        Raises:
            PredictionFailed: see ``failures``; timeout if the programs do not end in time.
        """
        missing = stages.missing_weights(self._place.weights)
        if missing:
            raise PredictionFailed(
                FailureClass.INFRASTRUCTURE,
                f"weights are missing: {', '.join(missing)}; fill the Volume of the weights",
            )
        campaign = _campaign(question)
        with (
            self._doubting_its_home(),
            tempfile.TemporaryDirectory(prefix="rfantibody-", ignore_cleanup_errors=True) as folder,
        ):
            result = self._run(question, campaign, Path(folder))
        made = _made(campaign, result)
        log.info("%d designs, %d missing", len(made.designs), len(made.missing))
        return Prediction(
            metrics=report.metrics(made),
            details=report.details(made),
            files=report.files(made),
            versions={"rfantibody": RFANTIBODY.commit},
        )

    @contextlib.contextmanager
    def _doubting_its_home(self) -> Iterator[None]:
        """A program that was ended while it wrote a cache would fail on it for ever after."""
        self._home.mkdir(exist_ok=True)
        try:
            yield
        except PredictionFailed:
            shutil.rmtree(self._home, ignore_errors=True)
            raise

    def _run(self, question: Question, campaign: Campaign, folder: Path) -> Result:
        """The three programs in a fresh folder."""
        target = folder / TARGET
        target.write_bytes(_input(question, TARGET))
        environment = stages.environment(
            environment_for_programs(),
            source=self._place.source,
            weights=self._place.weights,
            root=folder,
            home=self._home,
        )
        programs = Programs(environment, folder, _limit(question.seconds))
        framework = self._framework(question, campaign.parameters, folder)
        return Pipeline(campaign, programs, folder).run(target=target, framework=framework)

    def _framework(self, question: Question, parameters: RfantibodyParameters, folder: Path) -> Path:
        if parameters.framework == "given":
            given = folder / FRAMEWORK
            given.write_bytes(_input(question, FRAMEWORK))
            return given
        return self._place.source / stages.EXAMPLES / stages.FRAMEWORKS[parameters.framework]


def _limit(seconds: float | None) -> float | None:
    return None if seconds is None else seconds - min(MARGIN_SECONDS, MARGIN_SHARE * seconds)


def _campaign(question: Question) -> Campaign:
    try:
        return Campaign(
            parameters=RfantibodyParameters.model_validate(dict(question.parameters)),
            share=DesignShare.model_validate(dict(question.item)),
            numbers=TargetMap.model_validate_json(_input(question, NUMBERS)),
            search_seed=question.search_seed or question.seed,
            seed=question.seed,
        )
    except ValidationError as error:
        raise PredictionFailed(
            FailureClass.INVALID_INPUT, f"the order is malformed: {_first(error)}"
        ) from error


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    return f"{'.'.join(str(step) for step in found['loc']) or 'parameters'}: {found['msg']}"


def _input(question: Question, name: str) -> bytes:
    if name not in question.inputs:
        raise PredictionFailed(FailureClass.INVALID_INPUT, f"the order has no input {name}")
    return question.inputs[name]


def _made(campaign: Campaign, result: Result) -> report.Made:
    designs = [
        Design(
            name=_name(campaign.tags, tag),
            predicted=predicted,
            mindist=result.backbones[tag.partition(SEQUENCE)[0]].scores["mindist"],
        )
        for tag, predicted in result.predictions.items()
    ]
    missing = {_name(campaign.tags, tag): reason for tag, reason in sorted(result.lost.items())}
    return report.Made(campaign, ranked(designs), missing)


def _name(names: Mapping[str, str], tag: str) -> str:
    """``design_3_seq_1`` of a tag; the programs count from 0, and backbones from the seed."""
    backbone, _, sequence = tag.partition(SEQUENCE)
    return f"{names[backbone]}_seq_{int(sequence) + 1}"
