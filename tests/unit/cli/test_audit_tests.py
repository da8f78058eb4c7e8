"""``gradcert audit pytest`` on the tests of a small project, in a folder of its own."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audited import audit_in, names_of
from command_line import SCRIPT, Run

from gradcert_reports.audits.tests_records import Fate

PROJECT = {
    "kernels.py": """
import numpy as np

def gradient(logits, targets):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True) - targets

def unused(logits):
    return logits

def words():
    return "words"
""",
    "test_loose.py": """
import numpy as np
from kernels import gradient

LOGITS, TARGETS = np.array([[1.0, 2, 3], [0, 1, 0]]), np.eye(3)[:2]

def test_shape():
    assert gradient(LOGITS, TARGETS).shape == (2, 3)

def test_loose():
    assert np.allclose(gradient(LOGITS, TARGETS), 0, atol=5)

def test_nothing():
    pass
""",
    "test_strict.py": """
import functools
import numpy as np
import pytest
import kernels
from test_loose import LOGITS, TARGETS

right = kernels.gradient(LOGITS.copy(), TARGETS)
WANT = np.array([[-0.909969, 0.244728, 0.665241], [0.211942, -0.423883, 0.211942]])

@pytest.mark.parametrize("call", [kernels.gradient, functools.partial(kernels.gradient)])
def test_strict(call):
    assert np.allclose(call(LOGITS, TARGETS), WANT, rtol=1e-4)
""",
}

LOOSE = ("--replace", "kernels:gradient", "--", "test_loose.py")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for name, source in PROJECT.items():
        (tmp_path / name).write_text(source)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


FEW = ("--mutant", "sign-flipped", "--mutant", "times-1000", "--mutant", "upstream-ignored")


def test_loose_tests_let_a_wrong_sign_through_and_the_line_shows_it_again(
    script: Run, tmp_path: Path
) -> None:
    done = script("audit", "pytest", *FEW, "--report", "out", *LOOSE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "kernels:gradient: the tests notice 1 of 2 wrong gradients (mutation score 50%)"
    )
    survived = lines.index("survived:")
    assert lines[survived + 1] == "  sign-flipped: an answer of the wrong sign passes"
    command = lines[survived + 2].strip()
    assert command == (
        "python -m pytest --gradcert-mutant sign-flipped --gradcert-replace kernels:gradient "
        "test_loose.py"
    )
    assert "  times-1000              test_loose.py::test_loose" in lines
    assert lines[lines.index("no meaning here:") + 1] == "  upstream-ignored"
    assert "test_loose.py::test_shape" in done.stdout
    assert "Tests that do not call the function: 1 of 3." in done.stdout.replace("\n", " ")
    assert max(len(line) for line in lines if line.strip() != command) <= 80
    audit = audit_in(tmp_path / "out")
    assert audit.score == 50
    assert command in (tmp_path / "out" / "report.md").read_text()
    again = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert again.returncode == 0
    assert "sign-flipped in kernels:gradient: called 2 times, 2 gradients, 2 of" in again.stdout


def test_strict_tests_notice_every_mutant_whatever_held_the_function(
    gradcert: Run, tmp_path: Path
) -> None:
    chosen = ("--jobs", "2", "--report", "out", "--fail-under", "100")
    replaced = ("--replace", "kernels:gradient", "--", "--maxfail=0")
    done = gradcert("audit", "pytest", *chosen, *replaced)
    assert done.returncode == 0, done.stderr
    audit = audit_in(tmp_path / "out")
    assert audit.score == 100
    assert len(audit.outcomes) > 15
    assert {"zero", "times-1.001", "diagonal-only"} < set(names_of(audit, Fate.KILLED))
    assert names_of(audit, Fate.SURVIVED) == []
    # What is called while the tests are collected counts for no test.
    strict = [test for test in audit.tests if test.name.startswith("test_strict.py")]
    assert [(test.calls, test.gradients) for test in strict] == [(1, 1), (1, 1)]
    # No run ends early.
    (zero,) = [outcome for outcome in audit.outcomes if outcome.mutant == "zero"]
    assert zero.failed == tuple(test.name for test in strict)
    assert zero.passed == ("test_loose.py::test_shape", "test_loose.py::test_loose")


def test_a_score_under_the_one_that_is_asked_for_is_exit_status_1(gradcert: Run) -> None:
    for percent, status in (("50", 0), ("51", 1)):
        done = gradcert(
            "audit", "pytest", *FEW[:4], "--report", "out", "--fail-under", percent, *LOOSE
        )
        assert done.returncode == status


def test_a_second_call_goes_on_where_the_first_stopped_until_something_changes(
    gradcert: Run, tmp_path: Path
) -> None:
    chosen = ("audit", "pytest", "--report", "out")
    gradcert(*chosen, "--mutant", "zero", *LOOSE)
    record = tmp_path / "out" / "outcomes.jsonl"
    with record.open("ab") as file:
        file.write(b'{"mutant": "sign-fl')  # The first call was ended here.
    more = ("--mutant", "zero", "--mutant", "sign-flipped", *LOOSE)
    done = gradcert(*chosen, *more)
    assert "1 mutants were tried before, and nothing has changed" in done.stderr
    assert len(record.read_bytes().splitlines()) == 3
    assert names_of(audit_in(tmp_path / "out"), Fate.SURVIVED) == ["zero", "sign-flipped"]
    (tmp_path / "kernels.py").write_text(PROJECT["kernels.py"] + "# changed\n")
    assert "tried before" not in gradcert(*chosen, "--mutant", "zero", *LOOSE).stderr
    other = gradcert(*chosen, "--mutant", "zero", *LOOSE, "-q")
    assert "tried before" not in other.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("--replace kernels", "cannot replace 'kernels'; expected MODULE:NAME"),
        ("--replace kernels:gradien", "kernels has no attribute 'gradien'; did you mean gradient?"),
        ("--replace no_kernels:gradient", "there is no module 'no_kernels'"),
        (
            "--replace kernels:gradient --mutant flipped",
            "unknown mutant 'flipped'; did you mean sign-fl",
        ),
        ("--replace kernels:unused", "the tests never call kernels:unused by its name: name"),
        ("--replace test_words:never", "a default argument of test_words.holds holds it"),
        ("--replace kernels:words -- test_words.py", "the tests call kernels:words, and never its"),
        ("--replace kernels:gradient -- no_such_test.py", "ERROR: file or directory not found"),
        ("--replace kernels:gradient -- -k absent", "pytest found no tests: name them after --"),
        (
            "--replace kernels:gradient -- failing.py",
            "1 of 2 tests fail without any mutant, failing.py::test_second first: fix them",
        ),
        ("--replace kernels:gradient -- broken.py", "ended with exit status 2 without any mutant"),
        ("--replace kernels:gradient -- garbage.py", "wrote into the file of GRADCERT_AUDIT"),
        ("--replace kernels:gradient --time-limit 0.1", "tests take more than 0.1 seconds without"),
        ("--replace kernels:gradient --report kernels.py", "choose another --report"),
    ],
)
def test_what_cannot_be_audited_is_one_line(
    gradcert: Run, tmp_path: Path, arguments: str, named: str
) -> None:
    (tmp_path / "test_words.py").write_text(
        "import kernels\ndef never(): pass\ndef holds(call=never): return call\n"
        "def test_words(): kernels.words()\ndef test_held(): holds()()\n"
    )
    (tmp_path / "failing.py").write_text(
        "def test_first(): pass\ndef test_second(): assert False\n"
    )
    (tmp_path / "broken.py").write_text("raise RuntimeError('out of registers')\n")
    (tmp_path / "garbage.py").write_text(
        "import os\ndef test_garbage():\n"
        "    open(os.environ['GRADCERT_AUDIT_RECORD'], 'a').write('garbage\\n')\n"
    )
    done = gradcert("audit", "pytest", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradcert: ")
    assert named in line


def test_an_audit_that_fails_leaves_no_pages_of_an_earlier_one(
    gradcert: Run, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    for name in ("report.md", "audit.json", "outcomes.jsonl"):
        (tmp_path / "out" / name).touch()
    done = gradcert("audit", "pytest", "--report", "out", "--replace", "kernels:gradien")
    assert done.returncode == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["outcomes.jsonl"]


def test_a_mutant_that_makes_the_tests_hang_or_crash_is_killed(
    gradcert: Run, tmp_path: Path
) -> None:
    (tmp_path / "test_hostile.py").write_text(
        "import os, signal, time\nimport numpy as np\nimport kernels\n"
        "def test_hostile():\n"
        "    slope = kernels.gradient(np.zeros((1, 2)), np.array([[1.0, 0.0]]))[0, 0]\n"
        "    while slope == 0.5: time.sleep(0.1)\n"
        "    if slope == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    if slope == -1: os._exit(3)\n"
    )
    mutants = [f"--mutant={name}" for name in ("sign-flipped", "zero", "doubled", "halved")]
    limit = ("--time-limit", "3", "--jobs", "2", "--report", "out")
    done = gradcert(
        "audit",
        "pytest",
        *mutants,
        *limit,
        "--replace",
        "kernels:gradient",
        "--",
        "test_hostile.py",
    )
    assert done.returncode == 0, done.stderr
    audit = audit_in(tmp_path / "out")
    reasons = {one.mutant: (one.fate, one.reason.partition(":")[0]) for one in audit.outcomes}
    assert reasons == {
        "sign-flipped": (Fate.KILLED, "took too long"),
        "zero": (Fate.KILLED, "the run was ended by SIGKILL"),
        "doubled": (Fate.NOT_TRIED, "pytest failed"),
        "halved": (Fate.SURVIVED, ""),
    }


def test_an_interrupt_ends_the_tests_and_the_same_command_goes_on(tmp_path: Path) -> None:
    (tmp_path / "test_slow.py").write_text(
        "import os, time\nfrom pathlib import Path\nimport numpy as np\nimport kernels\n"
        "def test_slow():\n"
        "    if kernels.gradient(np.zeros((1, 2)), np.array([[1.0, 0.0]]))[0, 0] == -1:\n"
        "        Path('pid').write_text(str(os.getpid()))\n"
        "        time.sleep(60)\n"
    )
    mutants = ("--mutant", "zero", "--mutant", "doubled", "--replace", "kernels:gradient")
    process = subprocess.Popen(
        [str(SCRIPT), "audit", "pytest", "--report", "out", *mutants, "--", "test_slow.py"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    assert (process.returncode, output) == (130, "")
    assert errors == (
        "interrupted: 1 of 2 mutants were tried; the same command goes on from here\n"
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    lines = (tmp_path / "out" / "outcomes.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["mutant"] == "zero"


def test_the_users_cache_and_folder_stay_as_they_are(gradcert: Run, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    gradcert("audit", "pytest", "--mutant", "zero", *LOOSE)
    assert sorted(tmp_path.iterdir()) == before
