"""One report made of several, for example of one from each machine."""

from collections.abc import Sequence

import msgspec

from gradcert_reports.model.records import Certificate, Entry, Report

__all__ = ["merge"]


def merge(reports: Sequence[Report]) -> Report:
    """Return one report with the certificates and the ledgers of several, in order.

    Equal certificates are kept once, and so are equal lines of the ledgers.

    Parameters
    ----------
    reports
        The reports, for example of several machines.

    Returns
    -------
    The joined report.

    Examples
    --------
    >>> merge([Report(certificates=()), Report(certificates=())]).certificates
    ()
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
