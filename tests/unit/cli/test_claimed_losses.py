"""``--loss`` and ``--domain``: what a user claims, from the command line to the report."""

from pathlib import Path

import numpy as np
import pytest
from command_line import QUICK, SUBJECTS, Run
from subjects import right

from gradcert import certify
from gradcert_implementations import Domain, Loss, recorded
from gradcert_reports import read

CLAIMED = f"""
{SUBJECTS}
from gradcert_implementations import Given, Implementation

def ones(classes):
    return np.ones(classes)

def longer(classes):
    return np.ones(classes + 1)

three = np.array([1.0, 1.0, 1.0])

read = Implementation(
    name="read",
    functions={{"dE/dz": right}},
    filled_in=(Given("label_smoothing", 0.1), Given("reduction", "sum")),
)
"""


@pytest.fixture(autouse=True)
def claimed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CLAIMED)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--loss label_smothing=0.1", "unknown option of the loss 'label_smothing'; did you mean "),
        ("--loss label_smoothing=1", "label_smoothing is 1.0; expected a number from 0 up to 1, "),
        ("--loss label_smoothing", "'label_smoothing' says nothing about the loss; expected NAME="),
        ("--loss softcap=0", "softcap is 0.0; expected a positive finite number, such as 30, or "),
        ("--loss reduction=avg", "unknown reduction 'avg'; choose from none, sum, mean"),
        (
            "--loss label_smoothing=-0.1",
            "label_smoothing is -0.1; expected a number from 0 up to 1",
        ),
        ("--loss class_weights=mine.py:longer", "class_weights has 2 numbers for 1 classes"),
        ("--domain layout=seq", "unknown layout 'seq'; choose from rows, sequence, channels"),
        (
            "--loss output=sigmoid --loss ignore_index=0",
            "ignore_index has no meaning with output=sigmoid; leave one of them out",
        ),
        ("--loss class_weights=mine.py:four", "'mine.py:four': mine.py has no attribute 'four'"),
        (
            "--loss class_weights=1,2 --domain classes=3",
            "class_weights has 2 numbers and classes=3; leave classes out",
        ),
        (
            "--loss ignore_index=-100 --targets probability",
            "ignore_index=-100 needs class indices, and targets=probability; claim targets=index",
        ),
        (
            "--loss output=sigmoid --loss z_loss=1e-4",
            "z_loss has no meaning with output=sigmoid; leave one of them out",
        ),
        ("--loss mean_over=kept", "mean_over=kept has no meaning without reduction=mean; add it"),
        ("--domain classes=many", "classes is 'many'; expected a whole number from 1 up, or None"),
        ("--domain class=3", "unknown option of the domain 'class'; did you mean classes? choose"),
        (
            "--targets any --domain targets=index",
            "two values are given: targets index and targets any; leave one of them out",
        ),
    ],
)
def test_bad_options_of_the_loss_or_the_domain_are_one_line_and_status_2(
    gradcert: Run, options: str, message: str
) -> None:
    done = gradcert("certify", "mine.py:right", *options.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradcert: ")
    assert message in line


def test_in_python_the_loss_and_the_domain_are_records() -> None:
    found = certify(
        right,
        loss=Loss(class_weights=np.ones),
        domain=Domain(largest_logit=50),
        formats=["binary64"],
        max_examples=5,
        effort="quick",
    )
    assert found.verdict == "conforms"
    assert found.claimed == (
        "class weights numpy:ones",
        "targets that sum to one; logits up to 50",
    )


@pytest.mark.parametrize("isolated", [(), ("--isolate",)])
@pytest.mark.parametrize("weights", ["1,1,1", "mine.py:three", "mine.py:ones"])
def test_options_on_the_command_line_reach_the_certificate(
    gradcert: Run, tmp_path: Path, weights: str, isolated: tuple[str, ...]
) -> None:
    options = ("--loss", f"class_weights={weights}", "--domain", "largest_logit=50")
    done = gradcert("certify", "mine.py:right", *options, *QUICK, *isolated, "--report", "out")
    assert done.returncode == 0
    (certificate,) = read(tmp_path / "out" / "certificate.json").certificates
    in_words = "mine.py:ones" if weights == "mine.py:ones" else "1.0,1.0,1.0"
    assert certificate.loss == recorded(Loss()) | {"class_weights": in_words}
    assert certificate.domain == recorded(Domain(largest_logit=50))
    assert certificate.claimed == (
        f"class weights {in_words}",
        "targets that sum to one; logits up to 50",
    )


def test_the_certificate_says_in_words_what_was_claimed_and_what_was_not(
    gradcert: Run, tmp_path: Path
) -> None:
    assert gradcert("certify", "mine.py:right", *QUICK, "--report", "out").returncode == 0
    for page in ("index.html", "report.md"):
        shown = (tmp_path / "out" / page).read_text().replace("\\_", "_")
        assert "Claimed: cross-entropy of a softmax; targets that sum to one; logits" in shown
        assert "Limits of the claim: no ignored rows: ignore_index is not claimed; no" in shown


def test_what_was_read_from_attributes_is_printed_and_stands_in_the_report(
    gradcert: Run, tmp_path: Path
) -> None:
    done = gradcert("certify", "mine.py:read", *QUICK, "--report", "out")
    assert "read: from its attributes: label_smoothing 0.1, reduction sum" in done.stdout
    shown = (tmp_path / "out" / "index.html").read_text()
    assert "From its attributes: label_smoothing 0.1, reduction sum." in shown
    assert "from its attributes" not in gradcert("certify", "mine.py:right", *QUICK).stdout


def test_diff_and_merge_tell_two_losses_of_one_name_apart(gradcert: Run, tmp_path: Path) -> None:
    for folder, options in (("plain", ()), ("weighted", ("--loss", "class_weights=mine.py:ones"))):
        gradcert("certify", "mine.py:right", *options, *QUICK, "--report", folder)
    shown = gradcert("diff", "plain", "weighted").stdout
    assert "class weights" in shown
    assert "mine.py:ones" in shown
    assert gradcert("merge", "plain", "weighted", "--report", "both").returncode == 0
    page = (tmp_path / "both" / "index.html").read_text()
    assert "right (class weights not given)" in page
    assert "right (class weights mine.py:ones)" in page
