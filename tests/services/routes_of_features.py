"""
The routes that users know, with the fields that they read: a table.

``test_routes_of_features.py`` fails when the application or its document lacks one, and calls each. A module
beside this one that is named ``routes_of_*.py`` and has ``ROUTES`` adds a section of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JSON = "application/json"
Mark = Literal["S", "P"]


@dataclass(frozen=True)
class Route:
    """
    One route. ``mark``: ``S`` is promised, ``P`` was there and would be missed.

    ``call``: an example, in which ``{batch}`` is a screen and ``{job}`` its first job; without one the path
    itself. ``fields`` stand in the answer: ``results[].id`` in each item of a list that has some.
    ``running`` and ``finished`` are the statuses of its answers about a screen that runs, and one that ended.
    """

    method: str
    path: str
    mark: Mark
    fields: str = ""
    call: str = ""
    running: int = 200
    finished: int = 200
    media: str = JSON
    body: Mapping[str, Any] | None = field(default=None, hash=False)

    @property
    def example(self) -> str:
        """The path as it is called."""
        return self.call or self.path.replace("{batch_id}", "{batch}").replace("{job_id}", "{job}")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


SEQUENCE = "MNIFEMLRIDEGLRLKIYKDTEGYYTIGIGHLLTKSPSLNAAKSELDKAIGRNTNGVITKDEAEKLFNQ"
SINGLE = {
    "task_type": "protein_ligand_binding",
    "model_id": "noop",
    "job_name": "one",
    "input_data": {"protein_name": "T4 lysozyme", "protein_sequence": SEQUENCE, "ligand_smiles": "CCO"},
}
SEVERAL = SINGLE | {
    "input_data": {"protein_name": "T4 lysozyme", "protein_sequence": SEQUENCE, "compounds": ["CCO", "CCN"]}
}
SCREEN = {
    "job_name": "a screen",
    "protein_name": "T4 lysozyme",
    "model_name": "noop",
    "ligands": [{"name": "ethanol", "smiles": "CCO"}],
}
PREDICTED = "job_id task_type status message estimated_completion_time"
JOB = "job_id status task_type created_at name files results batch_parent_id batch_index model_name"
PAGE = "results[].id results[].job_id results[].task_type results[].job_name results[].status "
PAGE += "results[].created_at results[].user_id results[].inputs results[].results total source page "
PAGE += "limit has_more cache_status performance.response_time_seconds performance.cache_hit "
PAGE += "performance.strategy performance.optimization_strategy performance.cache_status performance.endpoint"
JOBS = (
    "jobs[].id jobs[].name jobs[].status jobs[].task_type jobs[].job_type jobs[].created_at jobs[].duration"
)
CHILDREN = (
    "children[].id children[].status children[].input_data.ligand_name children[].input_data.batch_index"
)
SUMMARY = (
    "summary.total_jobs summary.completed summary.failed summary.running summary.pending summary.success_rate"
)

ALIASES: tuple[tuple[str, Mark], ...] = (("/api", "S"), ("/api/v2", "P"))

SUBMISSION = (
    Route("POST", "/api/predict", "S", PREDICTED, body=SINGLE, running=202, finished=202),
    Route("POST", "/api/v2/predict", "S", PREDICTED, body=SINGLE, running=202, finished=202),
    Route("POST", "/api/v2/predict-smart", "P", PREDICTED, body=SEVERAL, running=202, finished=202),
    Route(
        "POST",
        "/api/v3/batches/submit",
        "S",
        "success batch_id message total_jobs estimated_duration_seconds status_url results_url",
        body=SCREEN,
        running=202,
        finished=202,
    ),
)
JOBS_AND_FILES = (
    Route("GET", "/api/jobs/{job_id}", "S", JOB),
    Route("GET", "/api/v2/jobs/{job_id}", "S", JOB),
    Route("GET", "/api/jobs/{job_id}/download/{wanted}", "S", "job_id", "/api/jobs/{job}/download/json"),
    Route(
        "GET", "/api/v2/jobs/{job_id}/download/{wanted}", "S", "job_id", "/api/v2/jobs/{job}/download/json"
    ),
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/jobs/{job_id}/download/{wanted}",
        "P",
        "job_id",
        "/api/v3/batches/{batch}/jobs/{job}/download/json",
    ),
    *(
        Route(
            "GET",
            f"{prefix}/jobs/{{job_id}}/batch-status",
            mark,
            "batch_id status progress.total progress.completed progress.failed progress.running "
            "progress.progress_percent batch_summary.total_ligands individual_jobs[].job_id "
            "individual_jobs[].job_name individual_jobs[].status individual_jobs[].results "
            "estimated_completion",
            f"{prefix}/jobs/{{batch}}/batch-status",
        )
        for prefix, mark in ALIASES
    ),
    Route("GET", "/api/jobs", "P", f"{JOBS} total page per_page"),
    Route("GET", "/api/v2/jobs", "P", f"{JOBS} total page per_page"),
    Route("GET", "/api/v2/jobs/status/{status}", "P", "jobs count status", "/api/v2/jobs/status/completed"),
    Route("GET", "/api/jobs/{job_id}/export", "P", "job.job_id files exported_at"),
    Route("GET", "/api/v2/jobs/{job_id}/export", "P", "job.job_id files exported_at"),
    Route(
        "GET",
        "/api/v2/jobs/{job_id}/logs",
        "P",
        "job_id log_count logs[].timestamp logs[].level logs[].message logs[].source logs[].function_name "
        "logs[].app_id logs[].execution_id logs[].raw_line",
    ),
    Route("GET", "/api/jobs/{job_id}/download-structure", "P", finished=404, running=404),
    Route("GET", "/api/v2/jobs/{job_id}/download-structure", "P", finished=404, running=404),
    Route("DELETE", "/api/v2/jobs/{job_id}", "P", running=409, finished=409),
    Route("POST", "/api/v1/jobs/{job_id}/retry", "P", running=409, finished=409),
    Route("POST", "/api/v2/jobs/{job_id}/retry", "P", running=409, finished=409),
)
RESULT_LISTS = (
    Route("GET", "/api/v2/results/ultra-fast", "S", PAGE),
    Route("GET", "/api/v2/results/fast", "S", PAGE),
    Route("GET", "/api/v3/batches/fast-results", "S", PAGE),
    Route(
        "GET",
        "/api/v2/results/my-jobs",
        "P",
        f"{JOBS} jobs[].updated_at jobs[].can_view jobs[].has_results jobs[].batch_info statistics "
        "pagination.page pagination.per_page pagination.total pagination.total_pages pagination.has_more",
    ),
    Route("GET", "/api/v2/results/job/{result_id}", "P", "job results", "/api/v2/results/job/{job}"),
    Route(
        "GET",
        "/api/v2/results/batch/{batch_id}/results",
        "P",
        f"parent.id {CHILDREN} statistics {SUMMARY} summary.batch_complete",
    ),
    Route("GET", "/api/v2/results/batch/{batch_id}/children", "P", f"{CHILDREN} pagination.page"),
    Route(
        "GET",
        "/api/v2/results/search",
        "P",
        "results[].id query total complete looked_at",
        "/api/v2/results/search?q=screen",
    ),
    Route(
        "GET",
        "/api/v2/results/statistics",
        "P",
        "total_jobs by_status by_job_type by_task_type recent_activity success_rate "
        "avg_completion_time cache_info",
    ),
    Route(
        "GET",
        "/api/v2/results/status/{status}",
        "P",
        "results status count",
        "/api/v2/results/status/running",
    ),
    Route(
        "GET",
        "/api/v2/my-results",
        "P",
        "results[].id total filters_applied.search pagination.page pagination.per_page "
        "pagination.total_pages pagination.total_results pagination.has_next pagination.has_prev",
        "/api/v2/my-results?search=screen",
    ),
    Route(
        "GET",
        "/api/v2/my-results/{result_id}/download-info",
        "P",
        "job_id files primary_structure_url",
        "/api/v2/my-results/{job}/download-info",
    ),
    Route("DELETE", "/api/v2/my-results/{result_id}", "P", call="/api/v2/my-results/{batch}", running=409),
    Route(
        "GET",
        "/api/v2/batches/{batch_id}/hierarchy",
        "P",
        f"batch_id parent.id {CHILDREN} child_count rounds[].number {SUMMARY}",
    ),
    Route(
        "GET",
        "/api/v2/user/{user_id}/batch-summary",
        "P",
        "user_id total_batches by_status success_rate",
        "/api/v2/user/me/batch-summary",
    ),
)
BATCHES = (
    Route(
        "GET",
        "/api/v3/batches",
        "S",
        "batches[].id batches[].batch_id batches[].name batches[].status batches[].created_at "
        "batches[].model_name batches[].total_jobs batches[].completed_jobs batches[].failed_jobs "
        "batches[].running_jobs batches[].user_id pagination.limit pagination.offset pagination.total "
        "pagination.has_more pagination.next_offset statistics.total_batches statistics.active_batches",
    ),
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/status",
        "S",
        "batch_id batch_name status created_at updated_at progress.total progress.completed progress.failed "
        "progress.running progress.pending progress.progress_percentage progress.success_rate total_jobs "
        "jobs[].job_id jobs[].name jobs[].status jobs[].ligand_name jobs[].ligand_smiles jobs[].created_at "
        "jobs[].started_at jobs[].completed_at jobs[].error_message jobs[].results_available "
        "insights.batch_health insights.estimated_completion_time performance_metrics execution_plan",
    ),
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/results",
        "S",
        "batch_id batch_summary.name batch_summary.status batch_summary.total_jobs results[].job_id "
        "results[].ligand_name results[].ligand_smiles results[].status results[].affinity "
        "results[].confidence results[].ptm_score results[].execution_time results[].completed_at "
        "statistics.total_jobs statistics.completed_jobs statistics.success_rate",
    ),
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/analytics",
        "S",
        "batch_id analysis_timestamp batch_intelligence performance.average_execution_time "
        "ai_insights.performance_assessment",
    ),
    Route(
        "POST",
        "/api/v3/batches/{batch_id}/control/{action}",
        "S",
        "success batch_id action timestamp message",
        "/api/v3/batches/{batch}/control/pause",
        finished=409,
    ),
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/export/{form}",
        "S",
        call="/api/v3/batches/{batch}/export/csv",
        running=409,
        media="text/csv; charset=utf-8",
    ),
    Route(
        "DELETE",
        "/api/v3/batches/{batch_id}",
        "S",
        "success batch_id deleted_jobs timestamp message",
        running=409,
    ),
)
COMPLETION = (
    Route(
        "GET",
        "/api/v3/batch-completion/status",
        "S",
        "system active_batches active_batch_ids batch_progress registered_callbacks milestone_thresholds "
        "features",
    ),
    Route(
        "GET",
        "/api/v3/batch-completion/batch/{batch_id}/progress",
        "S",
        "batch_id progress.total_jobs progress.completed_jobs progress.failed_jobs progress.running_jobs "
        "progress.percentage progress.estimated_completion_seconds progress.last_updated "
        "milestones.available milestones.reached milestones.next_milestone status "
        "performance.jobs_per_minute performance.success_rate",
    ),
    Route("GET", "/api/v3/batch-completion/active-batches", "S", "total_active_batches batches"),
    Route(
        "GET",
        "/api/v3/batch-completion/milestones/{batch_id}",
        "S",
        "batch_id current_percentage milestones[].threshold milestones[].status milestones[].description "
        "milestones[].reached_at next_milestone milestone_summary.total_milestones",
    ),
    Route(
        "GET", "/api/v3/batch-completion/system-health", "S", "system status statistics performance features"
    ),
)
CATALOGUE = (
    Route("GET", "/health", "S", "status timestamp database storage"),
    Route(
        "GET",
        "/api/v2/models",
        "P",
        "models[].id models[].name models[].version models[].description models[].provider "
        "models[].is_active models[].license models[].capabilities.supported_tasks "
        "models[].capabilities.supports_batch models[].resources.gpu_required "
        "models[].resources.estimated_time_seconds",
        "/api/v2/models?active_only=false",
    ),
    Route("GET", "/api/v2/models/{model_id}", "P", "id parameters provider", "/api/v2/models/noop"),
    Route(
        "GET",
        "/api/v2/models/tasks/{task_id}",
        "P",
        "models[].id task",
        "/api/v2/models/tasks/protein_structure",
    ),
    Route(
        "GET",
        "/api/v2/models/providers/{provider}",
        "P",
        "models[].id provider",
        "/api/v2/models/providers/local",
    ),
    Route("GET", "/api/v2/models/statistics", "P", "total_models active_models by_provider by_task"),
    Route("GET", "/api/v2/models/providers", "P", "providers[].id providers[].models"),
    Route("GET", "/api/v2/providers", "P", "providers[].id providers[].models"),
    Route("GET", "/api/v2/tasks", "P", "tasks[].task_id tasks[].task_name tasks[].available"),
    Route(
        "GET",
        "/api/v2/tasks/{task_id}/schema",
        "S",
        "task_id task_name input_fields[].id output_fields[].id estimated_time resource_requirements "
        "examples",
        "/api/v2/tasks/protein_structure/schema",
    ),
    Route("GET", "/api/v2/tasks/schemas", "P", "schemas.protein_structure.input_fields"),
    Route(
        "POST",
        "/api/v2/tasks/{task_id}/validate",
        "S",
        "valid errors",
        "/api/v2/tasks/protein_structure/validate",
        body={"model_id": "noop", "input_data": {"protein_name": "x", "protein_sequence": SEQUENCE}},
    ),
)
ROUTES = (*SUBMISSION, *JOBS_AND_FILES, *RESULT_LISTS, *BATCHES, *COMPLETION, *CATALOGUE)
