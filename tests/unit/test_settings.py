"""What cannot work together is refused at the start, by the names of the variables."""

import pkgutil
import traceback
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from pydantic import AliasChoices, ValidationError
from pydantic_settings import BaseSettings, SettingsError

import shared.settings
from cli.connection import Remote
from cli.main import run
from shared.settings import LONGEST_QUEUE_SECONDS, Settings, settings

CLOUD: dict[str, Any] = {
    "backend": "gcp",
    "project": "p",
    "bucket": "b",
    "public_url": "https://example.org",
    "push_audience": "https://example.org",
    "push_service_account": "push@example.org",
}


def test_keys_are_where_the_backend_is_unless_said_otherwise() -> None:
    assert Settings().keys_in == "folder"
    assert Settings(**CLOUD).keys_in == "secret-manager"
    assert Settings(**CLOUD, secrets="folder").keys_in == "folder"
    assert Settings(secrets="secret-manager", project="p").keys_in == "secret-manager"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({**CLOUD, "project": ""}, "OMTX_PROJECT"),
        ({**CLOUD, "bucket": "", "public_url": ""}, "OMTX_BUCKET, OMTX_PUBLIC_URL"),
        (
            {**CLOUD, "push_audience": "", "push_service_account": ""},
            "OMTX_PUSH_AUDIENCE, OMTX_PUSH_SERVICE_ACCOUNT",
        ),
        ({"secrets": "secret-manager"}, "OMTX_PROJECT"),
        ({**CLOUD, "queue_allowance_seconds": 7 * 86400}, "OMTX_QUEUE_ALLOWANCE_SECONDS is at most 518400"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings(**given)


def test_a_run_that_waited_as_long_as_it_may_still_has_valid_urls() -> None:
    # The longest run that an order may ask for, and the grace that dispatch gives it.
    assert LONGEST_QUEUE_SECONDS + 7200 + 120 < 7 * 86400
    assert Settings().queue_allowance_seconds <= LONGEST_QUEUE_SECONDS


def classes() -> list[type[BaseSettings]]:
    """All that read the environment, also those that somebody adds."""
    modules = (
        import_module(f"shared.settings.{it.name}") for it in pkgutil.iter_modules(shared.settings.__path__)
    )
    found = [it for module in (shared.settings, *modules) for it in vars(module).values()]
    ours = {it for it in found if isinstance(it, type) and issubclass(it, BaseSettings)} - {BaseSettings}
    return sorted(ours | {Remote}, key=lambda it: it.__name__)


def variables(kind: type[BaseSettings]) -> Iterator[str]:
    """The names of a class's variables."""
    for name, field in kind.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            yield str(alias.choices[0])
        else:
            yield str(alias) if alias else f"{kind.model_config.get('env_prefix', '')}{name}".upper()


@pytest.mark.parametrize("kind", classes(), ids=lambda it: it.__name__)
def test_an_error_does_not_quote_what_somebody_put_into_the_wrong_variable(
    kind: type[BaseSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables(kind):
        with monkeypatch.context() as patch:
            patch.setenv(name, "hunter2")
            said = ""
            try:
                kind()
            except (ValidationError, SettingsError) as error:
                said = "".join(traceback.format_exception(error))
            assert "hunter2" not in said, name
        with pytest.raises(ValidationError) as refused:
            kind.model_validate({"no_such_setting": "hunter2"})
        assert "hunter2" not in str(refused.value)


def test_the_command_line_names_the_variable_and_not_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMTX_PORT", "hunter2")
    settings.cache_clear()
    try:
        assert run(["list"]) != 0
    finally:
        settings.cache_clear()
    said = capsys.readouterr().err
    assert "OMTX_PORT" in said
    assert "hunter2" not in said
