"""What the README shows is what happens."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from audits import facts
from gradcert.cli.ledger import LEDGER
from gradcert.cli.statuses import Status
from gradcert_implementations import FLAWED, LIBRARIES, UNUSUAL, Flaw, load
from gradcert_reports import Verdict
from gradcert_reports.model.encoding import decode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GRADCERT = Path(sys.executable).with_name("gradcert")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(
        command, check=False, cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_the_ten_lines_to_plug_in_your_own_are_certified(tmp_path: Path) -> None:
    kernel, script = (one for one in blocks("python") if "my_kernel" in one)
    (tmp_path / "my_kernel.py").write_text(kernel)
    result = run(GRADCERT, "certify", "my_kernel.py:gradient", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    printed = run(sys.executable, "-c", script, cwd=tmp_path).stdout.strip()
    assert f"It prints `{printed}`." in README


def test_the_recipe_for_programs_prints_the_certificate_that_the_readme_describes(
    tmp_path: Path,
) -> None:
    page = (ROOT / "tests" / "README.md").read_text()
    (kernel,) = (one for one in blocks("python", page) if one.startswith("# candidate.py"))
    (command,) = re.findall(r"    gradcert (certify torch:candidate\.py.*)\n", page)
    assert command in README
    (tmp_path / "candidate.py").write_text(kernel)
    result = run(GRADCERT, *command.split(), cwd=tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    (found,) = decode(result.stdout.encode()).certificates
    assert found.verdict == "refuted"
    assert found.passed is not None
    assert 0 < found.passed < 1
    returned = {one.discrepancy and one.discrepancy.returned for one in found.refutations}
    assert ("nan",) in returned


def test_the_readme_has_every_exit_status() -> None:
    page = (ROOT / "tests" / "README.md").read_text()
    statuses = re.findall(r"(?m)^\| (\d+) \| ", page)
    assert [int(status) for status in statuses] == [*Status]


def test_a_module_of_torch_says_its_options_as_its_readme_shows(tmp_path: Path) -> None:
    page = (ROOT / "implementations" / "README.md").read_text()
    (script,) = (one for one in blocks("python", page) if "nn.CrossEntropyLoss" in one)
    printed = run(sys.executable, "-c", script, cwd=tmp_path).stdout.strip()
    assert f"It prints `{printed}`." in page


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc here")
def test_the_softmax_backward_in_c_compiles_without_a_warning(tmp_path: Path) -> None:
    page = (ROOT / "implementations" / "README.md").read_text()
    (source,) = blocks("c", page)
    (commands,) = (one for one in blocks("console", page) if "attention.c" in one)
    (tmp_path / "attention.c").write_text(source)
    build = commands.splitlines()[0].split()[1:]
    assert run(*build, "-Wall", "-Wextra", "-Werror", cwd=tmp_path).returncode == 0


def test_the_workflow_certifies_the_kernel_of_the_readme_and_leaves_what_it_uploads(
    tmp_path: Path,
) -> None:
    (workflow,) = blocks("yaml", (ROOT / "tests" / "README.md").read_text())
    (steps,) = (job["steps"] for job in yaml.safe_load(workflow)["jobs"].values())
    _, certify, summary = (step["run"] for step in steps if "run" in step)
    kernel = next(one for one in blocks("python") if one.startswith("# my_kernel.py"))
    (tmp_path / "my_kernel.py").write_text(kernel)
    environment = os.environ | {
        "GITHUB_STEP_SUMMARY": "summary.md",
        "PATH": f"{GRADCERT.parent}{os.pathsep}{os.environ['PATH']}",
    }
    for command in (f"{certify} --gradcert-quick -p no:cacheprovider", summary):
        done = subprocess.run(
            command, shell=True, check=False, cwd=tmp_path, env=environment, capture_output=True
        )
        assert done.returncode == 0, done.stdout
    assert "gradient" in (tmp_path / "summary.md").read_text()
    (upload,) = (step["with"] for step in steps if "upload-artifact" in step.get("uses", ""))
    left = {file.name for file in (tmp_path / upload["path"]).iterdir()}
    assert left == {
        *("index.html", "report.md", "certificate.json", "junit.xml", "badge.svg", "pytest.xml")
    }


def test_the_readme_counts_the_known_flaws_and_those_reported_in_public() -> None:
    flaws = [flaw for flaw in map(load, FLAWED) if isinstance(flaw, Flaw)]
    reported = [flaw for flaw in flaws if flaw.source.startswith("reported in")]
    known = re.search(r"(\d+) known flaws \((\d+) of them were reported", README)
    assert known is not None
    assert [int(number) for number in known.groups()] == [len(flaws), len(reported)]


def counted(pattern: str) -> list[int]:
    """Return the numbers that the README gives in a phrase."""
    found = re.search(pattern, README)
    assert found is not None, f"the README says no more: {pattern}"
    return [int(number) for number in found.groups()]


def test_the_readme_counts_the_unusual_implementations_the_libraries_and_the_audited_cases() -> (
    None
):
    replayed = [test for test in facts() if test.replayed]
    assert counted(r"(\d+) unusual but right implementations") == [len(UNUSUAL)]
    assert counted(r"the losses of (\d+) libraries") == [len(LIBRARIES)]
    assert counted(r"what (\d+) cases of public tests let\s+through") == [len(replayed)]


def test_the_changelog_counts_as_the_readme_does() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"{len(FLAWED)} known flaws" in changelog
    assert f"{len(UNUSUAL)} unusual but right implementations" in changelog


def test_the_readme_has_the_figures_of_the_published_run_until_it_is_made_again() -> None:
    published = (ROOT / "reports" / "published" / "quality.md").read_text()
    flaws, unusual = len(FLAWED), len(UNUSUAL)
    if " is older: " in README:
        flaws, unusual = counted(r"it has (\d+) flaws, (\d+) right implementations")
    assert f"{flaws} known flaws" in published
    assert f"{unusual} unusual but right implementations" in published


def test_the_readme_counts_the_claims() -> None:
    assert max(statement.claim for statement in LEDGER) == 8
    assert re.search(r"in \[eight\s+claims\]", README)


def anchors(page: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_file_and_heading_the_readmes_link_to_exists() -> None:
    for readme in [ROOT / "README.md", *ROOT.glob("*/README.md")]:
        for link, anchor in re.findall(r"\]\(([^)#:]+)(?:#([^)]*))?\)", readme.read_text()):
            linked = readme.parent / link
            assert linked.exists(), f"{readme} links to {link}"
            if anchor:
                assert anchor in anchors(linked.read_text()), f"{readme} links to {link}#{anchor}"


def test_one_readme_has_the_glossary_and_defines_each_verdict() -> None:
    homes = [readme for readme in ROOT.glob("*/README.md") if "| word |" in readme.read_text()]
    assert homes == [ROOT / "tests" / "README.md"]
    (glossary,) = re.findall(r"(?s)## Glossary\n(.*?)\n## ", homes[0].read_text())
    words = ", ".join(re.findall(r"(?m)^\| ([^|]*) \|", glossary)).split(", ")
    assert {str(verdict) for verdict in Verdict} <= set(words)
    assert len(words) == len(set(words))


def test_the_sessions_that_the_readme_of_the_oracle_shows_print_what_they_show() -> None:
    done = doctest.testfile(str(ROOT / "oracle" / "README.md"), module_relative=False)
    assert done.attempted > 10
    assert done.failed == 0


def test_the_readme_has_less_than_200_lines() -> None:
    assert len(README.splitlines()) < 200
