"""``omtx``: the command line."""

import logging
import os
import sys
from collections.abc import Sequence

import typer
from omtx import OmtxError
from pydantic import ValidationError
from typer.exceptions import TyperException

from cli.commands import (
    checking,
    comparing,
    control,
    doctoring,
    keyring,
    letters,
    migrating,
    predicting,
    reading,
    serving,
    submitting,
    verifying,
    watching,
    webhooks,
)
from cli.connection import log_to_file
from cli.errors import EXIT_CODES, CommandError, Refused, told
from cli.options import use_key_file
from shared.settings import settings

INTERRUPTED = 130

app = typer.Typer(
    help="Screen a library of ligands against a protein: exact, ranked, reproducible.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(use_key_file)
app.command()(serving.up)
app.command()(serving.demo)
app.command(epilog=EXIT_CODES)(checking.check)
app.command(epilog=EXIT_CODES)(submitting.submit)
app.command(epilog=EXIT_CODES)(predicting.predict)
app.command("list")(reading.list_batches)
app.command()(reading.status)
app.command(epilog=EXIT_CODES)(reading.watch)
app.command("results")(reading.batch_results)
app.command()(control.pause)
app.command()(control.resume)
app.command()(control.cancel)
app.command(epilog=EXIT_CODES)(control.retry)
app.command()(control.delete)
app.command(epilog=EXIT_CODES)(verifying.verify)
app.command()(control.reconcile)
app.command(epilog=EXIT_CODES)(comparing.replay)
app.command(epilog=EXIT_CODES)(comparing.compare)
app.command(epilog=EXIT_CODES)(migrating.migrate)
app.command()(reading.models)
app.command()(predicting.tasks)
app.command()(watching.top)
app.command()(doctoring.doctor)
app.add_typer(letters.letters, name="dead-letters")
app.add_typer(webhooks.webhooks, name="webhooks")
app.add_typer(keyring.keys, name="keys")


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line; every error is one message on stderr."""
    try:
        _check_settings()
        code: int = app(list(arguments), standalone_mode=False) or 0
    except CommandError as error:
        return _tell(error)
    except OmtxError as error:  # the client's, of what it was given
        return _tell(told(error))
    except TyperException as error:
        return _tell(Refused(error.format_message()))
    except Exception as error:  # the edge: logged whole, told without its inside
        log_to_file()
        logging.getLogger("omtx").exception("omtx %s", arguments)
        log = settings().home / "logs" / "cli.log"
        return _tell(CommandError(f"unexpected {type(error).__name__}; the details are in {log}"))
    if code == INTERRUPTED:  # Typer's code for Ctrl-C
        print("omtx: interrupted; what was submitted lives on", file=sys.stderr)
    return code


def _check_settings() -> None:
    try:
        settings()
    except ValidationError as error:
        wrong = [f"OMTX_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()]
        raise Refused("the environment has settings that cannot be used", wrong) from error


def _tell(error: CommandError) -> int:
    print(f"omtx: {error}", *error.fields, sep="\n  ", file=sys.stderr)
    return error.code


def main() -> None:
    """The entry point of the ``omtx`` program."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` say, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
