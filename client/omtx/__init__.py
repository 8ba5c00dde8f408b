"""
The Python client of OMTX-Hub: screen a library of ligands against a protein.

    from omtx import Client

    client = Client()
    screen = client.screens.create(target="receptor.pdb", library="ligands.sdf", model="vina")
    screen.wait()
    screen.top(20)
"""

from omtx.calls import Request
from omtx.client import AsyncClient, Client
from omtx.errors import (
    Conflict,
    Damaged,
    Field,
    Forbidden,
    Invalid,
    KeyReused,
    MissingExtra,
    NoAnswer,
    NotFound,
    OmtxError,
    RateLimited,
    Refusal,
    ServerFailed,
    StillRunning,
    Unauthorized,
    Unusable,
)
from omtx.records import Estimate, Metric, Model, Status, Task, Verification
from omtx.retrying import Patience
from omtx.rows import Row, Rows
from omtx.saving import File
from omtx.screens import AsyncScreen, Screen
from omtx.wires import VERSION

__version__ = VERSION
__all__ = [
    "AsyncClient",
    "AsyncScreen",
    "Client",
    "Conflict",
    "Damaged",
    "Estimate",
    "Field",
    "File",
    "Forbidden",
    "Invalid",
    "KeyReused",
    "Metric",
    "MissingExtra",
    "Model",
    "NoAnswer",
    "NotFound",
    "OmtxError",
    "Patience",
    "RateLimited",
    "Refusal",
    "Request",
    "Row",
    "Rows",
    "Screen",
    "ServerFailed",
    "Status",
    "StillRunning",
    "Task",
    "Unauthorized",
    "Unusable",
    "Verification",
]
