"""Answers as they look, for the OpenAPI document. Each fits its class, which the tests check."""

BATCH = "batch_6a1e1d0c5b7f4a3e9d2c8b10"
JOB = "job_0f9a1c2e_6a1e1d0c5b7f4a3e9d2c8b10_0"
BEGUN, ENDED = "2026-03-02T09:00:00+00:00", "2026-03-02T09:21:07+00:00"
TOP = {"rank": 1, "job_id": JOB, "ligand_name": "toluene", "affinity": -5.9}

RESULT = {
    "id": BATCH,
    "job_id": BATCH,
    "batch_id": BATCH,
    "job_type": "batch_parent",
    "task_type": "batch_protein_ligand_screening",
    "job_name": "first screen",
    "status": "completed",
    "created_at": BEGUN,
    "completed_at": ENDED,
    "user_id": "local",
    "model_name": "vina",
    "test_model": False,
    "progress": {
        "total_jobs": 100,
        "completed_jobs": 98,
        "failed_jobs": 2,
        "running_jobs": 0,
        "pending_jobs": 0,
        "success_rate": 98.0,
    },
    "inputs": {
        "protein_name": "T4 lysozyme L99A",
        "total_ligands": 100,
        "model_version": "1.2.7",
        "seed": 42,
    },
    "results": {
        "best_affinity": -5.9,
        "mean_affinity": -4.7,
        "highest_confidence": 1.0,
        "top": [TOP],
        "execution_time": 1204.5,
    },
}
RESULTS = {
    "results": [RESULT],
    "total": 1,
    "source": "ledger",
    "page": 1,
    "limit": 50,
    "has_more": False,
    "next_after": None,
    "cache_status": "none",
    "performance": {
        "response_time_seconds": 0.0021,
        "cache_hit": False,
        "cache_status": "none",
        "strategy": "one read of the ledger a page",
        "optimization_strategy": "one read of the ledger a page",
        "endpoint": "results",
    },
}
FOUND = {
    "query": "first",
    "results": [RESULT],
    "total": 1,
    "looked_at": 12,
    "complete": True,
    "next_after": None,
}
CHILDREN = {
    "batch_id": BATCH,
    "status": "running",
    "progress": {
        "total": 100,
        "completed": 1,
        "failed": 0,
        "running": 2,
        "pending": 97,
        "progress_percent": 1.0,
    },
    "batch_summary": {
        "total_ligands": 100,
        "completed_jobs": 1,
        "failed_jobs": 0,
        "execution_time": None,
    },
    "individual_jobs": [
        {
            "id": JOB,
            "job_id": JOB,
            "name": "toluene",
            "job_name": "toluene",
            "job_type": "batch_child",
            "status": "completed",
            "input_data": {
                "ligand_name": "toluene",
                "ligand_smiles": "Cc1ccccc1",
                "batch_index": 0,
                "protein_name": "T4 lysozyme L99A",
                "item": {},
            },
            "results": {
                "affinity": -5.9,
                "confidence": 1.0,
                "ptm_score": None,
                "iptm_score": None,
                "plddt_score": None,
                "execution_time": 11.8,
            },
            "error_message": None,
            "completed_at": ENDED,
        }
    ],
    "pagination": {
        "page": 1,
        "page_size": 1,
        "total_results": 100,
        "total_pages": 100,
        "has_next": True,
        "has_previous": False,
    },
    "estimated_completion": 590.0,
}
LOGS = {
    "job_id": JOB,
    "logs": [
        {
            "timestamp": BEGUN,
            "level": "info",
            "message": "docking: 11.204 s",
            "source": "run",
            "function_name": None,
            "app_id": "vina",
            "execution_id": "call-17",
            "raw_line": "[   11.310 s] docking: 11.204 s",
        }
    ],
    "log_count": 1,
    "message": None,
}
