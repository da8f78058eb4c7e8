"""A report of a right and of a wrong implementation, to keep on disk."""

from pathlib import Path

from msgspec.structs import replace

from gradcert_reports import (
    Certificate,
    Discrepancy,
    Entry,
    Regime,
    Report,
    Verdict,
    keep,
    read,
)

GOLDEN = Path(__file__).parent / "reports" / "golden"
OLD = GOLDEN / "version-1.json"
RIGHT = read(GOLDEN / "certificate.json").certificates[0]
SEEN = Discrepancy(
    statement="dE/dz is 0.0; its true value is 0.5",
    arguments={"logits": (("0.0", "0.0"),), "targets": (("1.0", "0.0"),)},
    regimes=(Regime(shape="ties"),),
    row=0,
    index=1,
    returned=("-0.5", "0.0"),
    expected=("-0.5", "0.5"),
    expected_is="true",
    ulps=4.5e15,
    budgets=2e15,
    snippet="print(0.0)",
)
WRONG = replace(
    RIGHT,
    name="mine",
    verdict=Verdict.REFUTED,
    worst=None,
    results=tuple(
        replace(result, verdict=Verdict.REFUTED, worst=None, discrepancy=SEEN)
        if result.check == "accuracy"
        else result
        for result in RIGHT.results
    ),
)
LINE = Entry(claim=3, statement="E", where="F", expected=Verdict.REFUTED, certificate=1)
REPORT = Report(certificates=(RIGHT, WRONG), ledger=(LINE,))


def kept(folder: Path, *certificates: Certificate, ledger: tuple[Entry, ...] = ()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    keep(Report(certificates=certificates, ledger=ledger), folder)
    return folder / "certificate.json"
