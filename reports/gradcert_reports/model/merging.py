"""One report of several, as when each comes from a machine of its own."""

from collections.abc import Sequence

import msgspec

from gradcert_reports.model.records import Certificate, Entry, Report

__all__ = ["merge"]


def merge(reports: Sequence[Report]) -> Report:
    """Return one report of several: all certificates in order, and the ledgers that point at them.

    What is there twice, equal in all, is kept once.
    """
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
