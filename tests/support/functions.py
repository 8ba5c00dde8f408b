"""The real entry points, loaded as the platform loads them, and called without sockets."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask
from functions_framework import create_app
from starlette.types import ASGIApp
from werkzeug.test import Client

from shared.topology import topology
from tests.support.asgi import asked

ROOT = Path(__file__).resolve().parents[2]


@cache
def load(name: str) -> Flask:
    """The Flask app of one function; loading it leaves the environment as it was."""
    before = dict(os.environ)
    try:
        function = topology().functions[name]
        source = ROOT / "services" / name / "main.py"
        app: Flask = create_app(function.entry_point, str(source))
        return app
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True)
class Reply:
    """An answer: its status and its body as JSON, where it is JSON."""

    status: int
    body: Any
    raw: bytes
    headers: Mapping[str, str]


def call(
    name: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """One HTTP request to one function; a ``bytes`` body goes out as it is."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    if topology().functions[name].interface == "asgi":
        return _reply(*asked(_application(name), method, path, data or b"", sent))
    response = Client(load(name)).open(path, method=method, data=data, headers=sent)
    return _reply(response.status_code, response.get_data(), dict(response.headers))


def _application(name: str) -> ASGIApp:
    app: ASGIApp = getattr(import_module(f"services.{name}.main"), topology().functions[name].entry_point)
    return app


def push(name: str, envelope: Mapping[str, Any], topic: str) -> int:
    """One Pub/Sub push delivery; the status decides whether it is acknowledged."""
    path = f"/projects/omtx/topics/{topic}"
    response = Client(load(name)).post(
        path, data=json.dumps(envelope), headers={"Content-Type": "application/json"}
    )
    return response.status_code


def _reply(status: int, raw: bytes, headers: Mapping[str, str]) -> Reply:
    is_json = "json" in headers.get("Content-Type", "") and "Content-Encoding" not in headers
    return Reply(status, json.loads(raw) if is_json and raw else None, raw, headers)
