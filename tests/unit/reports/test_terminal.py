"""The table of verdicts fits a terminal of 80 columns, and its headings and verdicts stay whole."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from gradcert_reports import Certificate, Regime, Verdict, read, summary

RIGHT, REFUTED, _ = read(Path(__file__).with_name("golden") / "certificate.json").certificates
HEADINGS = ("implementation", "verdict", "level", "budgets", "reach")


def _table(*certificates: Certificate) -> list[str]:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(summary(certificates))
    return captured.get().splitlines()


def _with_worst(algorithm: str) -> Certificate:
    """Return a certificate of that level, whose worst row has a long regime."""
    assert RIGHT.worst is not None
    assert RIGHT.worst.worst is not None
    regime = Regime(shape="near one", changes=("offset", "masked"), targets="unnormalised")
    sample = replace(RIGHT.worst.worst, algorithm=algorithm, regime=regime)
    return replace(RIGHT, worst=replace(RIGHT.worst, worst=sample))


def _with_short_reach(certificate: Certificate) -> Certificate:
    (found,) = [result for result in certificate.results if result.reach]
    assert found.reach is not None
    short = replace(found.reach, reached=1e12, failed_at=1e20)
    results = tuple(
        replace(found, format=format, reach=short) for format in ("binary64", "bfloat16")
    )
    return replace(certificate, results=results, planned=len(results))


@pytest.mark.parametrize("name", ["numpy", "fused_cross_entropy_backward_of_somebody_else"])
@pytest.mark.parametrize("algorithm", ["shifted", "log-softmax, sequential sum"])
@pytest.mark.parametrize("short", [False, True], ids=["reaches max", "short reach"])
@pytest.mark.parametrize("cut", [False, True], ids=["complete", "cut"])
def test_the_headings_and_verdicts_stay_whole_in_80_columns(
    name: str, algorithm: str, short: bool, cut: bool
) -> None:
    found = replace(_with_worst(algorithm), name=name)
    if short:
        found = _with_short_reach(found)
    if cut:
        found = replace(found, verdict=Verdict.INCOMPLETE, planned=12)
    lines = _table(found, REFUTED)
    heading = next(line for line in lines if HEADINGS[0] in line)
    assert tuple(word for word in HEADINGS if word in heading.split()) == HEADINGS
    words = " ".join(lines).split()
    assert {*found.verdict.split(), "refuted", "max" if not short else "1e+12"} <= set(words)
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("columns", [12, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("length", [1, 14, 15, 28, 29, 300])
def test_a_name_is_never_broken_and_has_its_verdict_on_any_terminal(
    columns: int, length: int
) -> None:
    name = "n" * length
    console = Console(width=columns)
    with console.capture() as captured:
        console.print(summary([replace(RIGHT, name=name), REFUTED]), crop=False)
    words = captured.get().split()
    assert {name, REFUTED.name, "conforms", "refuted"} <= set(words)
