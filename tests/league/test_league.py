"""The pages of the league say what the certificates say."""

import ast
import subprocess
import sys
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import pytest
import typer
from beyond import beyond_of, formula
from commands import last_line
from installing import Environment, programs
from library_claims import CLAIMS, Claim

import gradcert
from gradcert import Certificate
from gradcert_implementations import LIBRARIES, Loss, load
from league import FINDINGS, LANGUAGES, Claimed, Row, finding_of, main, parts_of, render, row_of

NOT_HERE = {"liger": {"softcap", "class_weights"}}
"""The options that a library offers on a GPU only."""

SMOOTHED = Claim(("label_smoothing=0.1", "reduction=mean"))


@cache
def _certified(
    spec: str, *, max_examples: int = 5, **options: str | tuple[str, ...]
) -> Certificate:
    return gradcert.certify(
        spec,
        quantities=["dE/dz"],
        formats=["binary64"],
        max_examples=max_examples,
        **options,  # type: ignore[arg-type]
    )


def _league(*rows: Row) -> str:
    return render("league.md.jinja", rows=rows)


@pytest.fixture(scope="module")
def page() -> str:
    right, wrong = _certified("scipy"), _certified("diagonal-only")
    broken = _certified("empty-batch-crashes")
    beyond = _certified("scipy", max_examples=40, targets="any")
    smoothed = _certified("numpy", loss=SMOOTHED.loss)
    unscaled = _certified("scale-forgotten-in-the-backward", loss=("logit_scale=0.7",))
    claimed = (
        Claimed(SMOOTHED, certificate=smoothed),
        Claimed(Claim(("logit_scale=0.7",)), certificate=unscaled),
        Claimed(Claim(("softcap=30",)), failure="does not run: out of memory"),
    )
    return render(
        "league.md.jinja",
        rows=[
            Row("scipy", certificate=right, any_targets=beyond, beyond=beyond_of("scipy")),
            Row("wronglib", certificate=wrong),
            Row("numpylib", certificate=_certified("numpy"), claimed=claimed),
            Row("brokenlib", certificate=broken),
            Row("lostlib", failure="does not install: no matching distribution"),
        ],
    )


def test_the_row_of_a_library_that_conforms_has_its_version_level_and_worst_case(page: str) -> None:
    right = _certified("scipy")
    version = right.provenance.versions["scipy"]
    (line,) = [line for line in page.splitlines() if line.startswith(f"| scipy | {version} |")]
    assert f"| dE/dz | binary64 | probability | ones | conforms | {right.level} | ≥ 0." in line


def test_a_row_says_whether_the_gradient_was_asked_under_any_upstream_gradient(page: str) -> None:
    plain = page.partition("## The options that they offer")[0]
    (line,) = [one for one in plain.splitlines() if one.startswith("| numpylib | ")]
    assert "| probability | any | conforms |" in line


def test_the_claims_with_options_of_a_library_are_in_words_with_their_verdict(page: str) -> None:
    table = page.partition("## The options that they offer")[2].partition("##")[0]
    smoothed, unscaled, lost = [line for line in table.splitlines() if "| numpylib |" in line]
    words = "label smoothing 0.1 over all classes; mean over rows"
    assert f"| {words} | probability | binary64 | conforms |" in smoothed
    assert "| logits times 0.7 | probability | binary64 | refuted |" in unscaled
    assert "| softcap=30 | - | - | does not run: out of memory |" in lost


def test_a_refuted_claim_with_options_has_a_section_of_its_own(page: str) -> None:
    refuted = page.partition("## What is refuted")[2]
    section = refuted.partition(": logits times 0.7\n")[2].partition("###")[0]
    assert "`accuracy` refutes dE/dz in binary64" in section
    assert "### numpylib" in refuted
    assert "label smoothing" not in refuted


def test_a_refuted_library_is_shown_with_its_minimal_counterexample_and_diagnosis(
    page: str,
) -> None:
    section = page.partition("### wronglib")[2].partition("###")[0]
    assert "`accuracy` refutes dE/dz in binary64: dE/dz is 0.0; its true value is 0.5" in section
    assert "at logits [0, 0], targets [1, 0]" in section
    assert "diagonal-only explains" in section


def test_a_broken_library_is_shown_with_the_reason(page: str) -> None:
    section = page.partition("### brokenlib")[2].partition("##")[0]
    assert "`empty-batch` finds broken dE/dz in binary64: raised " in section


def test_the_row_of_a_library_that_does_not_install_says_so(page: str) -> None:
    assert "| lostlib | - | - | - | - | - | does not install: no matching distribution |" in page


def test_beyond_the_domain_the_table_names_the_formula_of_the_gradient_and_of_the_loss(
    page: str,
) -> None:
    table = page.partition("## Beyond the domain")[2]
    (line,) = [line for line in table.splitlines() if line.startswith("| scipy |")]
    returned = "| -0.410, -0.755, 0.165 | o - t |"
    assert f"{returned} -0.320, -0.511, 0.830 | o T - t | **no** | refuted |" in line


@pytest.mark.parametrize(
    ("subject", "gradient", "slopes", "agrees"),
    [
        ("numpy", "o - t", "o T - t", False),
        ("jax", "o T - t", "o T - t", True),
        ("targets-assumed-to-sum-to-one", "o - t", "", False),
        ("sign-flipped", "neither", "", False),
    ],
)
def test_values_have_the_name_of_their_formula_or_of_neither(
    subject: str, gradient: str, slopes: str, agrees: bool
) -> None:
    found = beyond_of(subject)
    assert formula(found.gradient) == gradient
    assert not slopes or (formula(found.slopes), found.agrees) == (slopes, agrees)


def test_the_message_of_a_library_that_does_not_run_fits_in_a_cell() -> None:
    said = "module 'numpy' has no attribute 'int' | see the release notes " * 9
    line = last_line(subprocess.CompletedProcess([], 1, stdout="", stderr=f"at work\n{said}\n"))
    assert len(line) <= 120
    assert line.startswith("module 'numpy' has no attribute 'int' / see")
    assert line.endswith(" ...")


def test_a_league_of_some_libraries_does_not_replace_the_published_one() -> None:
    with pytest.raises(typer.BadParameter, match="--to DIR"):
        main(["scipy"])


def test_the_page_of_no_library_that_runs_is_still_a_page() -> None:
    assert "| lostlib |" in _league(Row("lostlib", failure="does not install"))


def test_a_certificate_that_was_read_back_makes_the_same_page() -> None:
    right = _certified("scipy")
    again = msgspec.json.decode(msgspec.json.encode(right), type=Certificate)
    assert _league(Row("scipy", certificate=again)) == _league(Row("scipy", certificate=right))


@pytest.mark.parametrize(("code", "failed"), [("print(2)", False), ("raise ValueError(2)", True)])
def test_a_finding_says_whether_its_script_ran(
    code: str, failed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scipy" / "bin").mkdir(parents=True)
    (tmp_path / "scipy" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr("league.HOME", tmp_path)
    script = tmp_path / "scipy" / "two.py"
    script.write_text(f'"""It is two.\n\nExpected: 3. Got: 2.\n"""\n\n{code}\n')
    found = finding_of(script, _certified("scipy"))
    assert (found.title, found.text, found.code) == ("It is two", "Expected: 3. Got: 2.", code)
    assert (found.failed, found.output) == (failed, "ValueError: 2" if failed else "2")


def _with_date(date: str) -> Row:
    found = _certified("scipy")
    made = msgspec.structs.replace(found.provenance, date=f"{date}T12:00:00+00:00")
    return Row("scipy", certificate=msgspec.structs.replace(found, provenance=made))


def test_the_league_says_when_its_certificates_were_made() -> None:
    first, last = _with_date("2026-11-25"), _with_date("2026-11-27")
    assert "Made by `make league` on 2026-11-25 to 2026-11-27: 2 libraries" in _league(last, first)
    assert "Made by `make league` on 2026-11-27: 1 libraries" in _league(last)


def test_the_findings_say_when_their_scripts_were_run() -> None:
    page = render("findings.md.jinja", findings=[], today=date(2026, 11, 27))
    assert "Made by `make league` on 2026-11-27" in page


SCRIPTS = [script for script in sorted(FINDINGS.glob("*/*.*")) if script.suffix in LANGUAGES]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_script_of_a_finding_is_short_and_says_what_was_expected_and_what_came(
    script: Path,
) -> None:
    text, code = parts_of(script)
    documentation = " ".join(text.split())
    assert script.parent.name in {*LIBRARIES, *programs()}
    assert "Expected: " in documentation
    assert " Got: " in documentation
    assert "gradcert" not in code
    assert len(code.splitlines()) <= 14


def test_a_library_is_certified_for_its_plain_loss_and_for_each_of_its_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, asked = _certified("numpy"), []

    def certified(_: str, report: Path, *options: str, **__: float) -> Certificate | str:
        asked.append((report.relative_to(tmp_path).as_posix(), *options))
        return "it broke" if "reduction=sum" in options else right

    monkeypatch.setattr("league.HOME", tmp_path)
    monkeypatch.setattr(Environment, "install", lambda *_: "")
    monkeypatch.setattr("league._certified", certified)
    monkeypatch.setattr("league._beyond", lambda _: None)
    row = row_of("mlx", constraints=tmp_path / "constraints.txt", newest=0.0)
    smoothed, summed = CLAIMS["mlx"]
    assert row.claimed == (
        Claimed(smoothed, certificate=right),
        Claimed(summed, failure="does not run: it broke"),
    )
    assert row.certificates == [right, right]
    assert asked == [
        ("mlx/report",),
        ("mlx/claims/label_smoothing-reduction", *smoothed.options),
        ("mlx/claims/reduction", *summed.options),
        ("mlx/any", "--targets", "any", "--quantity", "dE/dz"),
    ]


def _options_of(library: str) -> set[str]:
    """Return the options of a loss that the module of a library writes."""
    package, _, path = LIBRARIES[library].partition(".")
    root = Path(sys.modules[package].__file__ or "").parent
    tree = ast.parse((root / (path.replace(".", "/") + ".py")).read_text())
    names = {field.name for field in fields(Loss)}
    return names & {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_option_that_a_library_offers_is_claimed_in_the_league(library: str) -> None:
    claims = CLAIMS.get(library, ())
    names = {option.partition("=")[0] for claim in claims for option in claim.loss}
    names -= {"smoothing_over", "mean_over", "z_loss_mean_over"}
    assert names == _options_of(library) - NOT_HERE.get(library, set())
    assert len(claims) <= 3
    assert len({claim.name for claim in claims}) == len(claims)


@pytest.mark.parametrize(
    "claim",
    [claim for claims in CLAIMS.values() for claim in claims],
    ids=lambda claim: " ".join(claim.loss),
)
def test_a_claim_of_the_league_is_one_that_numpy_can_make(claim: Claim) -> None:
    loss = load("numpy", loss=claim.loss, targets="index").loss
    assert loss != Loss()
