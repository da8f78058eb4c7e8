"""What is wrong with an implementation, in words: where, which kind, and what comes first."""

from pathlib import Path

import msgspec
import pytest

from gradcert_reports import Certificate, Mistake, Verdict, read
from gradcert_reports.text.findings import findings, scope, sentence, worst_first

replace = msgspec.structs.replace

RIGHT, REFUTED, _ = read(Path(__file__).with_name("golden") / "certificate.json").certificates
(FIRST, *_) = REFUTED.refutations
FORMATS = ("binary64", "binary32", "binary16")
ALL = Verdict.REFUTED


def _found(**verdicts: dict[str, Verdict]) -> Certificate:
    """Return a certificate with a verdict for each quantity and format."""
    results = tuple(
        replace(
            FIRST,
            quantity=quantity,
            format=format,
            verdict=verdict,
            discrepancy=FIRST.discrepancy if verdict == Verdict.REFUTED else None,
        )
        for quantity, of in verdicts.items()
        for format, verdict in of.items()
    )
    worst = max((one.verdict for one in results), key=lambda verdict: verdict.severity)
    quantities = tuple(verdicts)
    return replace(REFUTED, quantities=quantities, formats=FORMATS, results=results, verdict=worst)


CONFORMS, BROKEN = Verdict.CONFORMS, Verdict.BROKEN
EVERYWHERE = dict.fromkeys(FORMATS, Verdict.REFUTED)
NOWHERE = dict.fromkeys(FORMATS, CONFORMS)
IN_ONE = NOWHERE | {"binary16": Verdict.REFUTED}


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        (_found(loss=EVERYWHERE), "loss in every format"),
        (_found(loss=IN_ONE), "loss in binary16 only (1 of 3 formats)"),
        (
            _found(loss=IN_ONE, softmax=NOWHERE),
            "loss only (1 of 2 quantities) in binary16 only (1 of 3 formats)",
        ),
        (_found(loss=EVERYWHERE, softmax=EVERYWHERE), "every quantity in every format"),
        (
            _found(loss=EVERYWHERE, softmax=IN_ONE),
            "loss in every format; softmax in binary16 only (1 of 3 formats)",
        ),
        (_found(loss=IN_ONE | {"binary32": BROKEN}), "loss in binary16 only (1 of 3 formats)"),
        (_found(loss=NOWHERE), ""),
    ],
)
def test_the_scope_names_what_is_wrong_of_all_that_is_claimed(
    certificate: Certificate, said: str
) -> None:
    assert scope(certificate) == said


def test_a_sentence_has_the_verdict_the_scope_and_the_kinds_the_worst_first() -> None:
    (diagnosis,) = REFUTED.diagnoses
    kinds = (Mistake.PRECISION, Mistake.OVERFLOW)
    found = replace(
        _found(loss=IN_ONE), diagnoses=tuple(replace(diagnosis, mistake=kind) for kind in kinds)
    )
    assert sentence(found) == (
        "is refuted for loss in binary16 only (1 of 3 formats): NaN or overflow; precision"
    )
    assert sentence(RIGHT) == "conforms"


def test_a_file_without_kinds_has_a_sentence_without_them() -> None:
    assert sentence(_found(loss=EVERYWHERE)) == "is refuted for loss in every format"


def test_the_worst_come_first_by_verdict_then_by_kind() -> None:
    (diagnosis,) = REFUTED.diagnoses
    mild, bad = (
        replace(REFUTED, diagnoses=(replace(diagnosis, mistake=kind),))
        for kind in (Mistake.PRECISION, Mistake.FORMULA)
    )
    assert worst_first([RIGHT, mild, bad]) == [bad, mild, RIGHT]


def test_the_first_refutation_of_a_quantity_is_shown_and_the_others_follow() -> None:
    (one,) = findings(_found(loss=EVERYWHERE))
    assert (one.quantity, one.first.format) == ("loss", "binary64")
    assert [other.format for other in one.others] == ["binary32", "binary16"]
