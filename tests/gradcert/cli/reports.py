"""``gradcert render``, ``diff`` and ``merge``: what is done with reports that lie on disk."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gradcert.cli.running import folder, make_ready, save, usage_error

if TYPE_CHECKING:
    from gradcert_reports import Report

__all__ = ["diff_command", "merge_command", "render_command"]

_FILE = "certificate.json"
_WAY_OUT = f"give a {_FILE}, or a folder that holds one, as gradcert certify --report DIR writes it"


def _stop(message: str) -> NoReturn:
    """End in a usage error of one line, whatever a file or its name holds."""
    usage_error(" ".join(message.split()))


def _refuse(path: Path, error: ValueError) -> NoReturn:
    """End in a usage error that says why a file cannot be understood."""
    import msgspec

    from gradcert_reports import SCHEMA

    class Versioned(msgspec.Struct):
        schema: str

    if not isinstance(error, msgspec.ValidationError):
        _stop(f"{path} is not JSON: {error}; {_WAY_OUT}")
    try:
        version = msgspec.json.decode(path.read_bytes(), type=Versioned).schema
    except (ValueError, RecursionError, OSError):
        version = SCHEMA
    if version != SCHEMA:
        _stop(
            f"{path} is of schema {version!r}, and this gradcert reads {SCHEMA!r}: "
            "use the version of gradcert that wrote it, or certify again"
        )
    _stop(f"{path} does not follow the schema {SCHEMA}: {error}; {_WAY_OUT}")


def _read(given: Path) -> tuple["Report", Path]:
    """Return the report at a path, or in the folder there, and its file; else a usage error."""
    from gradcert_reports import read

    path = given
    try:
        if given.is_dir():
            path = given / _FILE
        report = read(path)
    except FileNotFoundError:
        _stop(f"{f'no file {given}' if path == given else f'no {_FILE} in {given}'}: {_WAY_OUT}")
    except OSError as error:
        _stop(f"cannot read {path}: {error.strerror}; {_WAY_OUT}")
    except ValueError as error:
        _refuse(path, error)
    return report, path


def render_command(
    certificate: Annotated[
        Path,
        typer.Argument(metavar="CERTIFICATE.json", help="The file, or a folder that holds one."),
    ],
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=folder, help="Write here, not into the folder of the file."
        ),
    ] = None,
) -> None:
    """Write all pages again from a certificate.json.

    Nothing is run.

    Exit status: 0, or 2 for a usage error.
    """
    found, path = _read(certificate)
    if report is None and path.name != _FILE and path.with_name(_FILE).exists():
        _stop(
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

    What got worse, is gone, got better and appeared, of implementations and of single checks.

    Exit status: 0, or 1 if a verdict or level got worse or something certified is gone, 2 for a
    usage error.
    """
    from rich.console import Console

    from gradcert_reports import compare, differences

    found = compare(_read(old)[0], _read(new)[0])
    Console().print(differences(found), soft_wrap=True)
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
    """Join the reports of several machines.

    Certificates keep their order; one that is there twice is kept once.

    Exit status: 0, or 2 for a usage error.
    """
    from gradcert_reports import merge

    found = merge([_read(path)[0] for path in certificates])
    make_ready(report)
    save(found, report)
