"""Distinct names for the certificates of one report."""

from collections.abc import Iterator, Sequence

import msgspec

from gradcert_reports.model.options import differing, option
from gradcert_reports.model.records import Certificate, Report

__all__ = ["distinct"]


def _traits(certificates: Sequence[Certificate]) -> Iterator[list[str]]:
    """Yield one trait of each certificate at a time, the most useful to a reader first."""
    yield [one.origin for one in certificates]
    yield [", ".join(one.quantities) for one in certificates]
    yield [", ".join(one.formats) for one in certificates]
    for records in ([one.loss for one in certificates], [one.domain for one in certificates]):
        for name in differing(records):
            yield [option(name, record.get(name)) for record in records]
    yield [option("at_least", one.demanded) for one in certificates]
    sources = [one.provenance for one in certificates]
    yield [source.versions.get(source.library, "") for source in sources]
    yield [source.processor for source in sources]
    yield [source.device for source in sources]
    yield [f"seed {source.seed}" for source in sources]
    yield [f"{source.max_examples} examples" for source in sources]
    yield [option("effort", source.effort) for source in sources]
    yield [source.date for source in sources]


def _suffixes(certificates: Sequence[Certificate]) -> list[str]:
    """Return the traits that distinguish each certificate, and a number if no trait does."""
    suffixes: list[tuple[str, ...]] = [()] * len(certificates)
    numbers = [str(number) for number in range(1, len(certificates) + 1)]
    for trait in (*_traits(certificates), numbers):
        if len(set(suffixes)) < len(suffixes) and len(set(trait)) > 1:
            suffixes = [(*before, one) for before, one in zip(suffixes, trait, strict=True)]
    return [", ".join(filter(None, parts)) for parts in suffixes]


def distinct(report: Report) -> Report:
    """Return the report with a suffix at every name that occurs more than once.

    One of the names may stay as it is, where the others say what is different.

    Examples
    --------
    >>> distinct(Report(certificates=())).certificates
    ()
    """
    names = [certificate.name for certificate in report.certificates]
    certificates = list(report.certificates)
    for name in dict.fromkeys(names):
        places = [place for place, other in enumerate(names) if other == name]
        if len(places) > 1:
            suffixes = _suffixes([certificates[place] for place in places])
            for place, suffix in zip(places, suffixes, strict=True):
                if suffix:
                    renamed = f"{name} ({suffix})"
                    certificates[place] = msgspec.structs.replace(certificates[place], name=renamed)
    return msgspec.structs.replace(report, certificates=tuple(certificates))
