"""``gradcert certify``, ``list`` and ``explain`` as their users meet them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from gradcert.api import select_subjects
from gradcert.checks import CHECKS
from gradcert.cli import main
from gradcert.generation.search import drawn
from gradcert_implementations import (
    BUILT_IN,
    CLAIMED,
    FLAWED,
    LIBRARIES,
    Flaw,
    Options,
    documented,
    load,
)
from gradcert_oracle import GRADIENT
from gradcert_reports import Certificate, Report, read

SCRIPT = Path(sys.executable).with_name("gradcert")
OF_GRADIENT = sum(check.applies(GRADIENT) for check in CHECKS)
FEW = ("--quantity", "dE/dz", "--format", "binary64", "--max-examples", "5")
QUICK = (*FEW, "--jobs", "1")
"""In one process: each further one would first import for a second."""

SUBJECTS = """
import os
import time
import numpy as np

three = 3

def right(logits, targets):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets

def flipped(logits, targets):
    return -right(logits, targets)

def exits(logits, targets):
    raise SystemExit(0)

def signalled(logits, targets):
    if np.isnan(logits).any():
        os.kill(os.getpid(), int(os.environ["SIGNAL"]))
    return flipped(logits, targets)

def hangs(logits, targets):
    while np.isnan(logits).any():
        time.sleep(1)
    return right(logits, targets)

def raises(logits, targets):
    raise RuntimeError("out of registers")

def widens(logits, targets):
    import torch
    torch.set_default_dtype(torch.float64)
    return right(logits, targets)
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(autouse=True)
def _subjects(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SUBJECTS)


@pytest.fixture
def script(tmp_path: Path) -> Run:
    """Return a function that runs the installed script in a process of its own."""
    return lambda *arguments: _run([str(SCRIPT), *arguments], tmp_path)


def _squeezed(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


@pytest.mark.parametrize(
    ("specs", "status"),
    [
        ("numpy", 0),
        ("mine.py:right", 0),
        ("diagonal-only", 1),
        ("numpy mine.py:flipped", 1),
        ("mine.py:raises", 1),
        ("mine.py:exits", 1),
        ("no-such-subject", 2),
    ],
)
def test_the_exit_status_is_0_for_all_right_1_for_any_wrong_2_for_a_usage_error(
    gradcert: Run, specs: str, status: int
) -> None:
    assert gradcert("certify", *specs.split(), *QUICK).returncode == status


@pytest.mark.parametrize(
    ("specs", "status"), [("mine.py:right", 0), ("numpy mine.py:flipped", 1), ("nothing", 2)]
)
def test_the_process_ends_with_that_status(script: Run, specs: str, status: int) -> None:
    assert script("certify", *specs.split(), *QUICK).returncode == status


def test_without_spec_it_succeeds_because_the_flawed_built_in_is_refuted(script: Run) -> None:
    done = script("certify", *FEW)
    table = _squeezed(done.stdout)
    assert done.returncode == 0
    for verdict in ("numpy conforms", "torch conforms", "jax conforms", "diagonal-only refuted"):
        assert f"\n{verdict} " in table


def test_a_missing_extra_leaves_its_built_in_out_and_says_so(tmp_path: Path) -> None:
    done = _run(_without("torch", "certify", *QUICK), tmp_path)
    assert done.returncode == 0
    assert "gradcert: left out: 'torch' needs torch" in done.stderr
    assert "\ntorch " not in _squeezed(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "names"), [((), [*BUILT_IN, *CLAIMED, *LIBRARIES]), (("--flaws",), [*FLAWED])]
)
def test_list_shows_every_built_in_or_every_flaw_with_its_title(
    gradcert: Run, arguments: tuple[str, ...], names: list[str]
) -> None:
    done = gradcert("list", *arguments)
    table = done.stdout.partition("\n\n")[0].splitlines()[1:]
    assert done.returncode == 0
    rows = [line.strip().partition(" ") for line in table]
    assert [(name, title.strip()) for name, _, title in rows] == [
        (name, documented(name)[0]) for name in names
    ]


def test_an_interrupt_while_the_first_page_is_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    runner = CliRunner()
    quick = ["certify", "numpy", *QUICK, "--report", str(out)]
    assert runner.invoke(main, quick).exit_code == 0

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcert_reports.write", interrupted)
    done = runner.invoke(main, quick)
    assert done.exit_code == 130
    assert done.stderr.strip() == f"interrupted: 0 of {OF_GRADIENT} checks ran"
    assert [path.name for path in out.iterdir()] == ["certificate.json"]
    assert read(out / "certificate.json").certificates[0].verdict == "incomplete"


@pytest.mark.parametrize("command", ["certify numpy", "claims", "render x", "merge x"])
def test_a_report_folder_without_a_name_is_a_usage_error(gradcert: Run, command: str) -> None:
    done = gradcert(*command.split(), "--report", "")
    assert done.returncode == 2
    assert "it is empty; expected the name of a folder" in done.stderr


def test_the_table_never_cuts_a_verdict_short(
    gradcert: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "fused_softmax_cross_entropy_backward_kernel_with_a_very_long_name_indeed"
    source = SUBJECTS + f"\ndef {name}(logits, targets): return flipped(logits, targets)\n"
    (tmp_path / "mine.py").write_text(source)
    monkeypatch.setenv("COLUMNS", "80")
    done = gradcert("certify", f"mine.py:{name}", "numpy", *QUICK)
    table = done.stdout.partition("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert " refuted " in table
    assert " conforms " in table
    assert "…" not in table


def test_list_says_how_many_flaws_there_are_and_how_to_see_them(gradcert: Run) -> None:
    last = gradcert("list").stdout.splitlines()[-1]
    assert last.startswith(f"{len(FLAWED)} more ")
    assert "gradcert list --flaws" in last


def test_without_spec_the_built_ins_and_diagonal_only_are_certified() -> None:
    subjects, left_out = select_subjects([], Options())
    assert [subject.origin for subject in subjects] == [*BUILT_IN, "diagonal-only"]
    assert left_out == {}


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("nonsense", "see gradcert list --flaws"),
        ("diagonal_only", "did you mean diagonal-only"),
        ("numpy", "see gradcert list --flaws"),
    ],
)
def test_an_unknown_flaw_is_one_line_with_a_hint(gradcert: Run, given: str, hint: str) -> None:
    done = gradcert("explain", given)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"gradcert: there is no flaw '{given}': {hint}")


def _row_of(label: str, text: str) -> list[float]:
    """Return the numbers of the line that begins with `label`."""
    (line,) = (line.strip() for line in text.splitlines() if line.strip().startswith(label))
    return [float(number) for number in line.removeprefix(label).split()]


def test_explain_diagonal_only_shows_the_chain_rule_in_numbers(gradcert: Run) -> None:
    done = gradcert("explain", "diagonal-only")
    assert done.returncode == 0
    z, t = (
        np.array([float(x) for x in numbers.split(",")])
        for numbers in re.findall(r"\[([^\]]*)\]", done.stdout.partition("At logits ")[2])[:2]
    )
    assert len(z) == len(t) > 2
    o = np.exp(z) / np.exp(z).sum()
    jacobian = np.diag(o) - np.outer(o, o)
    by_hand = {
        "o_j = exp(z_j) / sum_k exp(z_k)": o,
        "dE/do_i = -t_i / o_i": -t / o,
        **{f"do_{i + 1}/dz_j": row for i, row in enumerate(jacobian)},
        "the diagonal only, dE/do_j do_j/dz_j": -t / o * np.diag(jacobian),
        "the sum over i of dE/do_i do_i/dz_j": -t / o @ jacobian,
        "(E(z + h e_j) - E(z - h e_j)) / 2h": o - t,
    }
    for label, expected in by_hand.items():
        assert _row_of(label, done.stdout) == pytest.approx(expected.tolist(), abs=6e-6), label


@pytest.mark.parametrize("name", FLAWED)
def test_every_flaw_can_be_explained(name: str) -> None:
    """In this process: a new one for each flaw would take a minute."""
    done = CliRunner().invoke(main, ["explain", name])
    assert done.exception is None
    title, _ = documented(name)
    assert done.stdout.startswith(f"{name}: {title}\n")
    known = load(name)
    assert isinstance(known, Flaw)
    for part in (known.formula, known.source):
        assert part in done.stdout
    verdict = {
        "refuted": " refutes ",
        "broken": " finds broken ",
        "conforms": "no check refutes it",
    }
    assert verdict[known.verdict] in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["list"], 0), (["certify", "no-such-subject"], 2)]
)
def test_help_list_and_a_usage_error_load_no_numerical_library(
    tmp_path: Path, arguments: list[str], status: int
) -> None:
    code = f"""
    import sys
    from gradcert.cli import main
    try:
        main({arguments})
    finally:
        print(sorted({{"numpy", "flint", "hypothesis", "torch", "jax"}} & set(sys.modules)))
    """
    done = _run([sys.executable, "-c", dedent(code)], tmp_path)
    assert done.returncode == status
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_diagonal_only_gradient_is_shown_with_its_minimal_counterexample(
    gradcert: Run,
) -> None:
    shown = _squeezed(gradcert("certify", "diagonal-only", *QUICK).stdout)
    assert "implementation verdict level budgets worst seen at reach" in shown
    assert "\ndiagonal-only refuted - " in shown
    assert "\nat logits [0, 0], targets [1, 0]\n" in shown
    assert "\ntrue [-0.5, 0.5]\nreturned [-0.5, 0]\n" in shown
    assert "ulps" in shown
    assert "budgets" in shown


@pytest.mark.parametrize("folder", [".", "it's a folder", 'a "quoted" one'])
def test_the_printed_snippet_shows_the_wrong_values_again_when_pasted(
    gradcert: Run, tmp_path: Path, folder: str
) -> None:
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    (place / "theirs.py").write_text(SUBJECTS)
    printed = gradcert("certify", f"{folder}/theirs.py:flipped", *QUICK).stdout
    start = printed.index("      import gradcert\n")
    lines = printed[start:].splitlines()
    snippet = dedent("\n".join(line for line in lines if line.startswith("      ") or not line))
    again = _run([sys.executable, "-c", snippet], tmp_path)
    assert again.stderr == ""
    assert again.stdout == "[[ 0.5 -0.5]]\n"


def test_a_report_is_written_and_reads_back(gradcert: Run, tmp_path: Path) -> None:
    done = gradcert("certify", "numpy", "diagonal-only", *QUICK, "--report", "new/folder")
    report = read(tmp_path / "new" / "folder" / "certificate.json")
    written = (tmp_path / "new" / "folder" / "report.md").read_text()
    assert done.returncode == 1
    assert [(found.name, found.verdict) for found in report.certificates] == [
        ("numpy", "conforms"),
        ("diagonal-only", "refuted"),
    ]
    assert "| 1 (wrong) | 0.0 = 0x0.0p+0 |" in written


def _timeless(certificate: Certificate) -> Certificate:
    provenance = msgspec.structs.replace(certificate.provenance, date="", duration=0.0, spent={})
    return msgspec.structs.replace(certificate, provenance=provenance)


def test_the_same_seed_gives_the_same_certificate_and_another_seed_another(
    gradcert: Run, tmp_path: Path
) -> None:
    runs = {"first": "7", "again": "7", "other": "8"}
    for folder, seed in runs.items():
        drawn.cache_clear()
        gradcert("certify", "numpy", *QUICK, "--seed", seed, "--report", folder)
    first, again, other = (
        _timeless(read(tmp_path / folder / "certificate.json").certificates[0]) for folder in runs
    )
    assert first == again
    assert first.results != other.results


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_cut_short_keeps_what_it_found_in_a_report_marked_incomplete(
    script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("SIGNAL", str(int(number)))
    subjects = ("mine.py:signalled", "mine.py:right")
    done = script("certify", *subjects, *QUICK, "--report", "cut")
    report = read(tmp_path / "cut" / "certificate.json")
    found, untouched = report.certificates
    assert not report.complete
    assert (found.verdict, untouched.verdict) == ("refuted", "incomplete")
    assert len(found.results) == found.planned - 1
    assert found.leading[0].check == "accuracy"
    if number == signal.SIGKILL:
        assert done.returncode == -signal.SIGKILL
        assert script("render", "cut/certificate.json").returncode == 0
    else:
        assert done.returncode == 130
        assert f"interrupted: {len(found.results)} of {2 * found.planned} checks ran" in done.stderr
    for page in ("index.html", "report.md", "junit.xml"):
        assert "incomplete" in (tmp_path / "cut" / page).read_text().lower()


def test_the_number_of_jobs_changes_no_certificate(gradcert: Run, tmp_path: Path) -> None:
    subjects = ("mine.py:right", "diagonal-only", "stale-result", "mine.py:raises")
    for jobs in ("1", "3"):
        done = gradcert("certify", *subjects, *FEW, "--jobs", jobs, "--report", jobs)
        assert done.returncode == 1
    alone, together = (
        [_timeless(c) for c in read(tmp_path / jobs / "certificate.json").certificates]
        for jobs in ("1", "3")
    )
    assert [certificate.name for certificate in alone] == ["right", *subjects[1:3], "raises"]
    assert alone == together


def _interrupted(
    folder: Path, number: signal.Signals, ready: Callable[[Certificate], bool], *arguments: str
) -> tuple[int, str, Report]:
    """Interrupt a run when each certificate is ready.

    Return its exit status, what it said on standard error, and the report that it kept.
    """
    running = subprocess.Popen(
        [str(SCRIPT), "certify", *arguments, "--jobs", "2", "--report", "cut"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    kept = folder / "cut" / "certificate.json"
    while running.poll() is None and not (
        kept.exists() and all(map(ready, read(kept).certificates))
    ):
        time.sleep(0.05)
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    return running.returncode, said, read(kept)


def test_an_interrupt_ends_several_jobs_and_keeps_what_each_found(tmp_path: Path) -> None:
    status, said, report = _interrupted(
        tmp_path, signal.SIGINT, lambda found: bool(found.results), "mine.py:right", "numpy"
    )
    assert status == 130
    assert not report.complete
    assert all(found.results for found in report.certificates)
    assert "checks ran" in said.splitlines()[-1]
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_of_several_jobs_does_not_wait_for_one_that_hangs(
    tmp_path: Path, number: signal.Signals
) -> None:
    subjects = ("mine.py:hangs", "mine.py:right")
    status, said, report = _interrupted(
        tmp_path, number, lambda found: len(found.results) >= found.planned - 1, *subjects, *FEW
    )
    hanging, right = report.certificates
    assert status == 130
    assert (hanging.verdict, len(hanging.results)) == ("incomplete", hanging.planned - 1)
    ran = len(hanging.results) + len(right.results)
    assert said.splitlines()[-1] == f"interrupted: {ran} of {2 * right.planned} checks ran"
    assert "Traceback" not in said


def test_a_framework_setting_that_the_first_call_changes_is_refuted(script: Run) -> None:
    done = script("certify", "mine.py:widens", *QUICK)
    assert done.returncode == 1
    assert "no-side-effects refutes dE/dz in binary64: the call changed torch's default" in (
        done.stdout
    )


def test_each_implementation_has_a_line_that_says_what_took_the_time(gradcert: Run) -> None:
    said = gradcert("certify", "mine.py:right", "numpy", *QUICK).stderr
    for name in ("right", "numpy"):
        (line,) = re.findall(rf"^{name} took [\d.]+ s: (.*)$", said, re.MULTILINE)
        shares = dict(share.rsplit(" ", 1) for share in line.split(", "))
        assert shares.keys() == {"oracle", "subject", "Hypothesis", "the rest"}
        assert 97 <= sum(int(share.removesuffix("%")) for share in shares.values()) <= 103


def _without(library: str, *arguments: str) -> list[str]:
    code = f"import sys; sys.modules[{library!r}] = None; from gradcert.cli import main; main()"
    return [sys.executable, "-c", code, *arguments]


@pytest.mark.parametrize(
    ("arguments", "named", "way_out"),
    [
        (
            "nope",
            "'nope'",
            "choose from numpy, torch, jax, see `gradcert list`",
        ),
        ("mine.py:", "'mine.py:'", "write mine.py:name"),
        ("mine.py", "'mine.py'", "write mine.py:name"),
        ("missing.py:f", "missing.py:f", "no file missing.py"),
        ("syntax.py:f", "syntax.py:f", "SyntaxError"),
        ("raising.py:f", "raising.py:f", "RuntimeError: first line second line"),
        ("exiting.py:f", "exiting.py:f", "SystemExit"),
        ("no_such_module.at_all:f", "no_such_module", "path/to/file.py:name"),
        ("mine.py:absent", "mine.py", "no attribute 'absent'"),
        ("mine.py:three", "three", "Implementation or a function"),
        ("mine.py:right --quantity dz/dE", "'dz/dE'", "choose from softmax, loss"),
        ("mine.py:right --format posit16", "'posit16'", "choose from binary64"),
        ("numpy --format posit16", "'posit16'", "choose from binary64"),
        ("numpy --targets dog", "'dog'", "choose from index, probability, any"),
        ("diagonal-only --quantity loss", "'loss'", "it claims dE/dz"),
        ("diagonal-only --format bfloat16", "'bfloat16'", "it claims binary64, binary32"),
        ("--quantity dz/dE", "'dz/dE'", "choose from softmax, loss"),
        ("numpy --report mine.py", "mine.py", "choose another --report"),
        ("numpy --report mine.py/below", "mine.py/below", "choose another --report"),
    ],
)
def test_bad_input_is_one_line_that_names_it_and_says_what_to_write(
    gradcert: Run, tmp_path: Path, arguments: str, named: str, way_out: str
) -> None:
    (tmp_path / "syntax.py").write_text("def f(:")
    (tmp_path / "raising.py").write_text("raise RuntimeError('first line\\nsecond line')")
    (tmp_path / "exiting.py").write_text("raise SystemExit(0)")
    done = gradcert("certify", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradcert: ")
    assert named in line
    assert way_out in line


def test_a_missing_extra_of_a_named_built_in_is_one_line_with_the_command_to_install_it(
    tmp_path: Path,
) -> None:
    done = _run(_without("torch", "certify", "torch"), tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line == (
        "gradcert: 'torch' needs torch, which is not installed: pip install 'gradcert[torch]'"
    )


@pytest.mark.parametrize(
    ("option", "given"), [("--max-examples", "0"), ("--seed", "tuesday"), ("--speed", "1")]
)
def test_a_bad_option_is_a_usage_error_without_a_traceback(
    gradcert: Run, option: str, given: str
) -> None:
    done = gradcert("certify", "numpy", option, given)
    assert (done.returncode, done.stdout) == (2, "")
    assert option in done.stderr
    assert "Traceback" not in done.stderr
