"""What a notebook and a terminal show, and what they cannot be made to do."""

import builtins
import io
import re
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import omtx
import pytest
from omtx import Client

from services.submit import forms

EVIL = '<script>alert(1)</script>"onerror="x'


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Takes a package away."""
    real = builtins.__import__

    def hide(*names: str) -> None:
        def imported(
            name: str, globals: Any = None, locals: Any = None, fromlist: Sequence[str] = (), level: int = 0
        ) -> Any:
            if name.partition(".")[0] in names:
                raise ImportError(name)
            return real(name, globals, locals, fromlist, level)

        monkeypatch.setattr(builtins, "__import__", imported)

    return hide


@pytest.fixture(scope="module")
def screen(server: str) -> Iterator[omtx.Screen]:
    """Names that are no names, and a row that is no molecule."""
    with Client(server) as client:
        library: list[Mapping[str, Any]] = [{"name": EVIL, "smiles": "CCO"}, {"name": "x", "smiles": EVIL}]
        made = client.screens.create(library=library, model="noop", name=EVIL)
        made.wait(timeout=60)
        yield made


def harmless(html: str) -> bool:
    """No element but those of a table and of pictures, and no attribute of somebody else."""
    elements = set(re.findall(r"<\s*([a-zA-Z]+)", html))
    known = {
        "table",
        "thead",
        "tbody",
        "tr",
        "td",
        "th",
        "img",
        "br",
        "small",
        "code",
        "div",
        "span",
        "b",
        "p",
    }
    return elements <= known and not re.search(r"<[^>]*\sonerror=", html)


def test_rows_are_drawn_and_their_texts_are_escaped(screen: omtx.Screen) -> None:
    html = screen.rows()._repr_html_()
    assert "data:image/svg+xml;base64," in html
    assert "&lt;script&gt;" in html
    assert harmless(html)


def test_without_rdkit_the_server_draws_and_with_a_key_nobody_does(screen: omtx.Screen, without: Any) -> None:
    without("rdkit")
    html = screen.rows()._repr_html_()
    assert f"{screen.session.url}/api/v3/depict.svg?smiles=CCO&amp;" in html
    assert harmless(html)
    with Client(screen.session.url, api_key="omtx_secret") as client:
        rows = screen.rows()
        keyed = omtx.Rows(rows.rows, rows.ranking, rows.metrics, None)
        assert client.screens.get("x")._repr_html_() == "<p>Screen <code>x</code></p>"
    assert "<img" not in keyed._repr_html_()
    assert "<code>CCO</code>" in keyed._repr_html_()


def test_the_address_of_a_drawing_is_one_of_the_server(
    screen: omtx.Screen, client: Client, without: Any
) -> None:
    without("rdkit")
    address = re.findall(r'src="([^"]*)"', screen.rows()._repr_html_())[0].replace("&amp;", "&")
    reply = client.run(client.session.reply(omtx.Request("GET", address)))
    assert reply.headers["content-type"].startswith("image/svg+xml")


def test_a_screen_shows_how_far_it_is(screen: omtx.Screen) -> None:
    html = screen._repr_html_()
    assert "completed" in html
    assert "2 of 2" in html
    assert harmless(html)


def test_without_pandas_the_error_names_the_extra(screen: omtx.Screen, without: Any) -> None:
    without("pandas")
    with pytest.raises(omtx.MissingExtra, match=r"omtx\[dataframe\]"):
        screen.to_dataframe()


class Terminal(io.StringIO):
    """Somebody who sees it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("hidden", [(), ("rich",)])
def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(
    client: Client, without: Any, monkeypatch: pytest.MonkeyPatch, hidden: tuple[str, ...]
) -> None:
    screen = client.screens.create(library=["CCO"], model="noop", name="a\x1b[31mb")
    without(*hidden)
    for stream, seen in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        screen.wait(timeout=60)
        assert ("1 done" in stream.getvalue()) is seen
        assert "\x1b[31mb" not in stream.getvalue()


def test_no_bar_is_drawn_for_who_wants_none(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = client.screens.create(library=["CCO"], model="noop")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    screen.wait(timeout=60, progress=False)
    assert terminal.getvalue() == ""


def test_a_notebook_has_one_cell_that_changes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = list[str]()

    class Handle:
        def update(self, html: Any) -> None:
            shown.append(html._repr_html_())

    def display(html: Any, *, display_id: bool) -> Handle:
        shown.append(html._repr_html_())
        return Handle()

    kernel = types.SimpleNamespace(kernel=object())
    package = types.SimpleNamespace(
        get_ipython=lambda: kernel, display=types.SimpleNamespace(display=display)
    )
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", package.display)
    screen = client.screens.create(library=["CCO"], model="noop", parameters={"delay_seconds": 0.5})
    screen.wait(timeout=60)
    assert len(shown) > 1
    assert "1 of 1" in shown[-1]


def test_client_and_server_know_the_same_libraries() -> None:
    assert omtx.libraries.SUFFIXES == forms.SUFFIXES
