"""The command line.

A command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from typing import Annotated

import typer

from gradcert.cli.audit import audit_command
from gradcert.cli.audit_tests import audit_tests_command
from gradcert.cli.catalogue import explain_command, list_command
from gradcert.cli.certify import certify_command
from gradcert.cli.claims import claims_command
from gradcert.cli.defaults import WithDefaults, WithDefaultsAtFirst
from gradcert.cli.entry import Application
from gradcert.cli.plan import plan_command
from gradcert.cli.reports import diff_command, merge_command, render_command
from gradcert.cli.search import search_command
from gradcert.cli.statuses import rule

__all__ = ["main"]

main = Application(
    name="gradcert",
    help="Certify implementations of the softmax / cross-entropy gradient.",
    # \b keeps the lines as they are.
    epilog=f"\b\nExit status of every command:\n{rule()}",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    """Print the version and end, if that is asked."""
    if asked:
        from importlib.metadata import version

        typer.echo(f"gradcert {version('gradcert')}")
        raise typer.Exit


@main.callback()
def _gradcert(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


main.command("certify", cls=WithDefaults)(certify_command)
main.command("search", cls=WithDefaultsAtFirst)(search_command)
main.command("claims")(claims_command)
main.command("plan", cls=WithDefaults)(plan_command)
main.command("list")(list_command)
main.command("explain")(explain_command)
main.command("render")(render_command)
main.command("diff")(diff_command)
main.command("merge")(merge_command)

_audit = typer.Typer(name="audit", invoke_without_command=True, rich_markup_mode=None)
_audit.callback()(audit_command)
_audit.command("pytest")(audit_tests_command)
main.add_typer(_audit)
