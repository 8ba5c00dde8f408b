"""How a screen will be run, and what speaks against it: pure arithmetic."""

from typing import Any

from shared.models.batch import Batch, Configuration


def window(configuration: Configuration, jobs: int) -> int:
    """W: how many jobs may be in flight; one for ``sequential``, else the user's limit."""
    most = 1 if configuration.scheduling_strategy == "sequential" else configuration.max_concurrent_jobs
    return min(jobs, most)


def risk(batch: Batch, *, typical_seconds: float) -> dict[str, Any]:
    """The risk score (0 to 1) with its factors: many jobs, slow jobs, a long protein."""
    factors = []
    if batch.counts.jobs > 50:
        factors.append((0.3, "more than 50 jobs", "submit a small sample first"))
    if typical_seconds > 600:
        factors.append((0.2, "a job takes more than ten minutes", "raise timeout_per_job"))
    if len(batch.protein_sequence or "") > 1000:
        factors.append((0.1, "a protein of more than 1000 residues", "cut it to the domain of interest"))
    return {
        "risk_score": round(sum(weight for weight, _, _ in factors), 2),
        "risk_factors": [factor for _, factor, _ in factors],
        "mitigation_strategies": [remedy for _, _, remedy in factors],
    }


def recommendations(batch: Batch, risk_score: float) -> list[str]:
    """What we would change before starting."""
    configuration, jobs = batch.configuration, batch.counts.jobs
    said = []
    if configuration.scheduling_strategy == "sequential" and jobs > 20:
        said.append("sequential runs one job at a time; adaptive uses all workers")
    if risk_score > 0.5:
        said.append("split the library into smaller batches")
    if not configuration.retry_failed_jobs and jobs > 10:
        said.append("allow retries: a lost worker would otherwise cost results")
    if batch.counts.invalid:
        said.append(f"mend the {batch.counts.invalid} invalid rows")
    return said
