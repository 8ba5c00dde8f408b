"""``/docs`` and ``/openapi.json``: the reference of all routes, as it was written from their code."""

from functools import cache
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from pydantic_core import from_json

from services.api.conditional import PUBLIC
from services.api.dependencies import OPEN

router = APIRouter(include_in_schema=False, dependencies=[OPEN])

DOCUMENT = Path(__file__).with_name("openapi.json")
KEPT = {"Cache-Control": PUBLIC}
# Neither scripts nor anything from elsewhere: the page is text.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "summary{cursor:pointer;padding:.2rem 0}code,pre{font-family:ui-monospace,monospace}"
    "pre{overflow:auto;background:#8882;padding:.5rem}"
)


@cache
def document() -> bytes:
    """The OpenAPI document."""
    return DOCUMENT.read_bytes()


@router.get("/openapi.json")
def openapi() -> Response:
    """For programs."""
    return Response(document(), media_type="application/json", headers=KEPT)


@router.get("/docs")
def docs() -> Response:
    """For people."""
    return Response(page(), media_type="text/html", headers={"Content-Security-Policy": POLICY, **KEPT})


@cache
def page() -> str:
    """One section a tag, one line a route that opens into its particulars."""
    told = from_json(document())
    routes: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            routes.setdefault(operation["tags"][0], []).append(_route(method.upper(), path, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in routes.items())
    title, summary = escape(told["info"]["title"]), escape(told["info"]["summary"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1><p>{summary}</p><p>For programs: <a href='/openapi.json'>openapi.json</a>.</p>"
        f"{sections}<h2>Schemas</h2>{''.join(map(_schema, told['components']['schemas'].items()))}</html>"
    )


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    said = {key: operation[key] for key in ("parameters", "requestBody", "responses") if key in operation}
    first = f"<code>{method} {escape(path)}</code> {escape(operation['summary'])}"
    text = f"<p>{escape(operation['description'])}</p>{_shown(said)}"
    return f"<details><summary>{first}</summary>{text}</details>"


def _schema(named: tuple[str, Any]) -> str:
    name, schema = named
    return f"<details><summary><code>{escape(name)}</code></summary>{_shown(schema)}</details>"


def _shown(value: Any) -> str:
    return f"<pre>{escape(dumps(value, indent=2, ensure_ascii=False))}</pre>"
