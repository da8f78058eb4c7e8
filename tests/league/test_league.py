"""The league's table says what its certificates say."""

import ast
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import typer
from beyond import asked, formula

import gradcert
from gradcert import Certificate
from gradcert_implementations import LIBRARIES
from league import FINDINGS, Row, finding_of, last_line, main, render


def _certified(spec: str, *, max_examples: int = 5, **options: str) -> Certificate:
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
    return render(
        "league.md.jinja",
        rows=[
            Row("scipy", certificate=right, any_targets=beyond, beyond=asked("scipy")),
            Row("wronglib", certificate=wrong),
            Row("brokenlib", certificate=broken),
            Row("lostlib", failure="does not install: no matching distribution"),
        ],
    )


def test_a_library_that_conforms_has_its_version_level_and_worst_case(page: str) -> None:
    right = _certified("scipy")
    version = right.provenance.versions["scipy"]
    (line,) = [line for line in page.splitlines() if line.startswith(f"| scipy | {version} |")]
    assert f"| dE/dz | binary64 | probability | conforms | {right.level} | ≥ 0." in line


def test_a_library_that_is_wrong_has_its_minimal_counterexample_and_diagnosis(page: str) -> None:
    section = page.partition("### wronglib")[2].partition("###")[0]
    assert "`accuracy` refutes dE/dz in binary64: dE/dz is 0.0; its true value is 0.5" in section
    assert "at logits [0, 0], targets [1, 0]" in section
    assert "diagonal-only explains" in section


def test_a_library_that_breaks_says_why(page: str) -> None:
    section = page.partition("### brokenlib")[2].partition("##")[0]
    assert "`empty-batch` finds broken dE/dz in binary64: raised " in section


def test_a_library_that_will_not_install_is_a_row_that_says_so(page: str) -> None:
    assert "| lostlib | - | - | - | - | does not install: no matching distribution |" in page


def test_beyond_the_domain_each_is_told_by_what_it_returns_and_by_its_own_loss(page: str) -> None:
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
def test_a_formula_is_told_from_the_other_and_from_neither(
    subject: str, gradient: str, slopes: str, agrees: bool
) -> None:
    found = asked(subject)
    assert formula(found.gradient) == gradient
    assert not slopes or (formula(found.slopes), found.agrees) == (slopes, agrees)


def test_what_a_library_that_does_not_run_says_fits_in_a_cell() -> None:
    said = "module 'numpy' has no attribute 'int' | see the release notes " * 9
    told = last_line(subprocess.CompletedProcess([], 1, stdout="", stderr=f"at work\n{said}\n"))
    assert len(told) <= 120
    assert told.startswith("module 'numpy' has no attribute 'int' / see")
    assert told.endswith(" ...")


def test_what_is_published_is_of_all_libraries() -> None:
    with pytest.raises(typer.BadParameter, match="--to DIR"):
        main(["scipy"])


def test_the_page_of_no_library_that_runs_is_still_a_page() -> None:
    assert "| lostlib |" in _league(Row("lostlib", failure="does not install"))


def test_a_row_is_made_of_a_certificate_as_it_is_read_back() -> None:
    right = _certified("scipy")
    again = msgspec.json.decode(msgspec.json.encode(right), type=Certificate)
    assert _league(Row("scipy", certificate=again)) == _league(Row("scipy", certificate=right))


@pytest.mark.parametrize(("code", "failed"), [("print(2)", False), ("raise ValueError(2)", True)])
def test_a_finding_whose_script_does_not_run_is_known_as_one(
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


@pytest.mark.parametrize("script", sorted(FINDINGS.glob("*/*.py")), ids=lambda path: path.stem)
def test_a_finding_is_a_short_script_of_a_library_that_says_what_was_expected_and_got(
    script: Path,
) -> None:
    documentation = " ".join((ast.get_docstring(ast.parse(script.read_text())) or "").split())
    code = script.read_text().split('"""', maxsplit=2)[2].strip()
    assert script.parent.name in LIBRARIES
    assert "Expected: " in documentation
    assert " Got: " in documentation
    assert "gradcert" not in code
    assert len(code.splitlines()) <= 14
