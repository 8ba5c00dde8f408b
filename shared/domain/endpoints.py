"""Which class of endpoints a request belongs to, by its method and path. Pure."""

import re

from shared.models.limits import Endpoints

FREE = re.compile(
    r"/(health|metrics|docs|openapi\.json|favicon\.ico|robots\.txt|v1/health|v1/metadata)(/.*)?"
    r"|/api/v3/(webhooks/engine|reconcile)"
)
"""Not counted: probes, the reference, and what carries a signature or a token of its own."""

READS = ("GET", "HEAD")
SUBMITTING = re.compile(r".*/(submit|predict|predict-smart|start)|/api/v3/screens")
DELETING = re.compile(r".*/(delete-data|delete)")
# Of what is read, the first that matches decides.
READING: tuple[tuple[Endpoints, str], ...] = (
    (Endpoints.DOWNLOAD, r".*/(export|download|artefacts|structures?)(/.*)?|.*/(download-\w+|archive)"),
    (Endpoints.LIST, r".*/results/(fast|ultra-fast|my-jobs|search|statistics|status/.*)|.*/fast-results"),
    (Endpoints.LIST, r".*/(ultra-fast|my-results|my-results-[a-z-]+)(/[a-z]+-jobs)?"),
    (Endpoints.LIST, r"/api(/v[123])?/(jobs|batches|screens)(/search|/status/[^/]+)?"),
    (Endpoints.RESULTS, r".*/(results?|enhanced-results|analytics|verify|children|hierarchy)(/.*)?"),
    (Endpoints.STATUS, r".*/(status|batch-status|progress|insights)|/api/v3/batch-completion/.*"),
    (Endpoints.STATUS, r"/api(/v[123])?/(jobs|batches|screens)/[^/]+"),
)
COMPILED = tuple((name, re.compile(pattern)) for name, pattern in READING)


def endpoints_of(method: str, path: str) -> Endpoints | None:
    """The class; None for what is not counted."""
    path = path.rstrip("/") or "/"
    if FREE.fullmatch(path) or (path == "/" and method in READS):
        return None
    if method == "DELETE" or (method == "POST" and DELETING.fullmatch(path)):
        return Endpoints.DELETE
    if method == "POST" and SUBMITTING.fullmatch(path):
        return Endpoints.SUBMIT
    if method in READS:
        found = (name for name, pattern in COMPILED if pattern.fullmatch(path))
        return next(found, Endpoints.OTHER)
    return Endpoints.OTHER
