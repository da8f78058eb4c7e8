"""``gradcert render``, ``diff`` and ``merge``: commands that work on reports on disk."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gradcert.cli.options import ReportFolder, folder
from gradcert.cli.running import make_ready, save, usage_error
from gradcert.cli.streams import printing

if TYPE_CHECKING:
    from gradcert_reports import Report

__all__ = ["diff_command", "merge_command", "render_command"]

_FILE = "certificate.json"
_WAY_OUT = f"give a {_FILE}, or a folder that holds one, as gradcert certify --report DIR writes it"


def _refuse(path: Path, content: bytes, error: ValueError) -> NoReturn:
    """End in a usage error that says why the content of a file cannot be understood."""
    import msgspec

    from gradcert_reports.model.encoding import READABLE, schema_of

    if not isinstance(error, msgspec.ValidationError):
        usage_error(f"{path} is not JSON: {error}; {_WAY_OUT}")
    version = schema_of(content)
    if version in READABLE:
        usage_error(f"{path} does not follow the schema {version}: {error}; {_WAY_OUT}")
    usage_error(f"{path}: {error}")


def _read(given: Path) -> tuple["Report", Path]:
    """Return the report at a path, or in the folder there, and its file; else a usage error."""
    from gradcert_reports.model.encoding import decode

    path = given
    try:
        if given.is_dir():
            path = given / _FILE
        content = path.read_bytes()
    except FileNotFoundError:
        usage_error(
            f"{f'no file {given}' if path == given else f'no {_FILE} in {given}'}: {_WAY_OUT}"
        )
    except OSError as error:
        usage_error(f"cannot read {path}: {error.strerror}; {_WAY_OUT}")
    try:
        return decode(content), path
    except ValueError as error:
        _refuse(path, content, error)


def render_command(
    certificate: Annotated[
        Path,
        typer.Argument(metavar="CERTIFICATE.json", help="The file, or a folder that holds one."),
    ],
    report: ReportFolder = None,
) -> None:
    """Write all pages of a report again.

    They are made from its certificate.json, and no check is run. Without --report they are written
    into the folder of the file.

    Exit status: 0, or 2 for a usage error.
    """
    found, path = _read(certificate)
    if report is None and path.name != _FILE and path.with_name(_FILE).exists():
        usage_error(
            f"rendering {path} beside it would replace {path.with_name(_FILE)}: "
            "name another folder with --report"
        )
    make_ready(report or path.parent)
    save(found, report or path.parent)


def diff_command(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A certificate.json, or a folder that holds one.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The one to compare with it.")],
) -> None:
    """Show what changed between two reports.

    It lists the implementations and checks that got worse or better, and those that are gone or
    new.

    Exit status: 0, or 1 if a verdict or level got worse or something certified is gone, 2 for a
    usage error, 4 if standard output is closed or full.
    """
    from gradcert_reports import compare, differences

    found = compare(_read(old)[0], _read(new)[0])
    with printing(sys.stdout) as console:
        console.print(differences(found), soft_wrap=True)
    raise typer.Exit(bool(found.regressions))


def merge_command(
    certificates: Annotated[
        list[Path],
        typer.Argument(
            metavar="CERTIFICATE.json", help="The files, or folders that each hold one."
        ),
    ],
    report: Annotated[
        Path, typer.Option(metavar="DIR", parser=folder, help="Write the joined report here.")
    ],
) -> None:
    """Join reports into one.

    Certificates keep their order. A certificate that occurs twice is kept once.

    Exit status: 0, or 2 for a usage error.
    """
    from gradcert_reports import merge

    found = merge([_read(path)[0] for path in certificates])
    make_ready(report)
    save(found, report)
