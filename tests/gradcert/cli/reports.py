"""``gradcert render``, ``diff`` and ``merge``: what is done with reports that lie on disk."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gradcert.cli.running import make_ready, save, usage_error

if TYPE_CHECKING:
    from gradcert_reports import Certificate, Discrepancy, Report

__all__ = ["diff_command", "merge_command", "merged", "render_command"]

_FILE = "certificate.json"
_WAY_OUT = f"give a {_FILE}, or a folder that holds one, as gradcert certify --report DIR writes it"


def _out_of_range(found: "Discrepancy") -> Iterator[str]:
    """Yield the places of a discrepancy that its own arrays do not have."""
    if not 0 <= found.row < len(found.first):
        yield f"row {found.row} of {len(found.first)}"
    elif found.targets and found.row >= len(found.targets):
        yield f"row {found.row} of the {len(found.targets)} of the targets"
    elif found.row >= len(found.regimes):
        yield f"row {found.row} of {len(found.regimes)} regimes"


def _dangling(report: "Report") -> Iterator[str]:
    """Yield the places that a report names and does not have, which a schema cannot tell."""
    for entry in report.ledger:
        if not 0 <= entry.certificate < len(report.certificates):
            yield (
                f"the ledger's claim {entry.claim} is at certificate {entry.certificate}, counted "
                f"from 0, of {len(report.certificates)}"
            )
    for certificate in report.certificates:
        for result in certificate.results:
            for place in _out_of_range(result.discrepancy) if result.discrepancy else ():
                about = f"{result.check} {result.quantity} {result.format}"
                yield f"the discrepancy of {certificate.name}, {about}, is in {place}"


def _refuse(path: Path, error: ValueError) -> NoReturn:
    """End in a usage error that says why a file cannot be understood."""
    import msgspec

    from gradcert_reports import SCHEMA

    class Versioned(msgspec.Struct):
        schema: str

    if not isinstance(error, msgspec.ValidationError):
        usage_error(f"{path} is not JSON: {error}; {_WAY_OUT}")
    try:
        version = msgspec.json.decode(path.read_bytes(), type=Versioned).schema
    except (ValueError, RecursionError, OSError):
        version = SCHEMA
    if version != SCHEMA:
        usage_error(
            f"{path} is of schema {version!r}, and this gradcert reads {SCHEMA!r}: "
            "use the version of gradcert that wrote it, or certify again"
        )
    usage_error(f"{path} does not follow the schema {SCHEMA}: {error}; {_WAY_OUT}")


def _read(given: Path) -> tuple["Report", Path]:
    """Return the report at a path, or in the folder there, and its file; else a usage error."""
    from gradcert_reports import read

    path = given / _FILE if given.is_dir() else given
    try:
        report = read(path)
    except FileNotFoundError:
        where = f"no {_FILE} in {given}" if path != given else f"no file {given}"
        usage_error(f"{where}: {_WAY_OUT}")
    except OSError as error:
        usage_error(f"cannot read {path}: {error.strerror}; {_WAY_OUT}")
    except ValueError as error:
        _refuse(path, error)
    for place in _dangling(report):
        usage_error(f"{path} contradicts itself: {place}; {_WAY_OUT}")
    return report, path


def _write(report: "Report", directory: Path) -> None:
    """Write all pages; end in a usage error if one cannot be."""
    make_ready(directory)
    try:
        save(report, directory)
    except OSError as error:
        usage_error(
            f"cannot write {error.filename2 or error.filename or directory}: {error.strerror}; "
            "choose another --report"
        )


def merged(reports: Sequence["Report"]) -> "Report":
    """Return one report of several: all certificates in order, and the ledgers that point at them.

    What is there twice, equal in all, is kept once.
    """
    import msgspec

    from gradcert_reports import Entry, Report

    certificates: list[Certificate] = []
    ledger: list[Entry] = []
    for report in reports:
        for certificate in report.certificates:
            if certificate not in certificates:
                certificates.append(certificate)
        for entry in report.ledger:
            place = certificates.index(report.certificates[entry.certificate])
            moved = msgspec.structs.replace(entry, certificate=place)
            if moved not in ledger:
                ledger.append(moved)
    return Report(certificates=tuple(certificates), ledger=tuple(ledger))


def render_command(
    certificate: Annotated[
        Path,
        typer.Argument(metavar="CERTIFICATE.json", help="The file, or a folder that holds one."),
    ],
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write here, not into the folder of the file."),
    ] = None,
) -> None:
    """Write every page of a report again, from its certificate.json; nothing is certified.

    Exit status: 0, or 2 for a usage error.
    """
    found, path = _read(certificate)
    if report is None and path.name != _FILE and path.with_name(_FILE).exists():
        usage_error(
            f"rendering {path} beside it would replace {path.with_name(_FILE)}: "
            "name another folder with --report"
        )
    _write(found, report or path.parent)


def diff_command(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A certificate.json, or a folder that holds one.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The one to compare with it.")],
) -> None:
    """Show what got better, worse, appeared and is gone between two reports.

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
            metavar="CERTIFICATE.json...", help="The files, or folders that each hold one."
        ),
    ],
    report: Annotated[Path, typer.Option(metavar="DIR", help="Write the joined report here.")],
) -> None:
    """Join reports, of several machines say, into one; what is there twice is kept once.

    Exit status: 0, or 2 for a usage error.
    """
    _write(merged([_read(path)[0] for path in certificates]), report)
