"""The eight claims have the verdicts that are known to be right, and a report keeps them."""

import subprocess
from pathlib import Path

import pytest
from command_line import SCRIPT, run
from rich.console import Console

from gradcert.cli.ledger import ENTRIES, LEDGER
from gradcert_reports import Certificate, Report, ledger, read, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("claims")


@pytest.fixture(scope="module")
def done(folder: Path) -> "subprocess.CompletedProcess[str]":
    """What the command did; it takes long, so that all tests look at one run."""
    few = ("--quick", "--max-examples", "10", "--report", "kept")
    return run([str(SCRIPT), "claims", *few], folder, columns=300)


@pytest.fixture(scope="module")
def certificates(done: "subprocess.CompletedProcess[str]", folder: Path) -> list[Certificate]:
    assert done.returncode == 0, done.stderr
    return list(read(folder / "kept" / "certificate.json").certificates)


def test_each_of_the_eight_claims_has_its_line() -> None:
    assert sorted({line.claim for line in LEDGER}) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_every_verdict_is_the_one_that_is_expected(certificates: list[Certificate]) -> None:
    assert [found.verdict for found in certificates] == [line.expected for line in LEDGER]


def test_claim_six_is_refuted_only_beyond_its_domain() -> None:
    refuted = [line.targets for line in LEDGER if line.claim == 6 and line.expected == "refuted"]
    assert refuted == ["any"]


def test_the_refuted_claims_are_three_to_six_and_the_diagonal_in_claim_eight() -> None:
    refuted = [(line.claim, line.spec) for line in LEDGER if line.expected == "refuted"]
    assert refuted == [
        (3, "diagonal-only"),
        (4, "sign-flipped"),
        (5, "binary-cross-entropy-slope"),
        (6, "targets-assumed-to-sum-to-one"),
        (8, "diagonal-jacobian"),
    ]


def test_o_minus_t_is_refuted_by_two_classes_whose_targets_do_not_sum_to_one(
    certificates: list[Certificate],
) -> None:
    (found,) = (
        certificate.refutations[0].discrepancy
        for certificate, line in zip(certificates, LEDGER, strict=True)
        if line.spec == "targets-assumed-to-sum-to-one"
    )
    assert found is not None
    (targets,) = found.arguments["targets"]
    assert len(targets) == 2
    assert sum(map(float, targets)) != 1


def test_the_diagonal_in_the_backward_of_softmax_is_refuted_by_two_classes(
    certificates: list[Certificate],
) -> None:
    (found,) = (
        certificate.refutations[0].discrepancy
        for certificate, line in zip(certificates, LEDGER, strict=True)
        if line.spec == "diagonal-jacobian"
    )
    assert found is not None
    assert (found.rows, found.classes) == (1, 2)


@pytest.mark.parametrize("claim", [3, 4, 5, 8])
def test_a_refuted_claim_is_named_after_itself(certificates: list[Certificate], claim: int) -> None:
    for certificate, line in zip(certificates, LEDGER, strict=True):
        if line.claim == claim and line.expected == "refuted":
            (diagnosis,) = certificate.diagnoses
            assert diagnosis.matches[0].flaw == line.spec


def test_the_mistake_stands_beside_the_counterexample_that_shows_it(
    certificates: list[Certificate],
) -> None:
    console = Console(width=300)
    with console.capture() as shown:
        console.print(ledger(Report(certificates=tuple(certificates), ledger=ENTRIES)))
    lines = shown.get().splitlines()
    for flaw in ("diagonal-only", "sign-flipped"):
        assert any(f"{flaw}, logits [0, 0], targets [1, 0]: dE/dz is" in line for line in lines)
    assert any("binary-cross-entropy-slope, probabilities [" in line for line in lines)


def test_a_report_keeps_the_ledger(certificates: list[Certificate], tmp_path: Path) -> None:
    report = Report(certificates=tuple(certificates), ledger=ENTRIES)
    write(report, tmp_path)
    assert read(tmp_path / "certificate.json") == report


def test_the_command_shows_every_claim_and_succeeds_because_every_verdict_is_expected(
    done: "subprocess.CompletedProcess[str]", folder: Path
) -> None:
    assert done.returncode == 0, done.stderr
    for line in LEDGER:
        assert any(
            shown.split()[:1] == [str(line.claim)]
            and line.statement in shown
            and line.expected in shown
            for shown in done.stdout.splitlines()
        )
    assert read(folder / "kept" / "certificate.json").ledger == tuple(ENTRIES)
