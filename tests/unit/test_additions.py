"""A new quantity and a new option of the loss cost the files that the house says, and no others.

The four packages are copied, the additions are made in the copy, and what is added is certified
there: from Python, isolated, on the command line and in a report.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

PACKAGES = ("gradcert", "gradcert_oracle", "gradcert_implementations", "gradcert_reports")

LOG_MASS = '''"""The logarithm of the sum of exponentials, a toy quantity."""

from gradcert_oracle import textbook
from gradcert_oracle.definitions import shares
from gradcert_oracle.precision import refine
from gradcert_oracle.questions import Quantity
from gradcert_oracle.rows import check_logits
from gradcert_oracle.textbook import Values
from flint import arb

__all__ = ["LOG_MASS"]


def _enclose(question, guard):
    z = question["logits"]
    check_logits(z, masked=True)

    def evaluate(_):
        whole = shares(z, [1] * len(z))
        return [arb(z[whole.top]) + whole.mass.log()]

    return refine(evaluate, 1, question.format, guard)


def _textbook(question, places, level, arithmetic):
    z = question["logits"]
    largest = arb(max(z))
    mass = arithmetic.total([(x - largest).exp() for x in z if x > float("-inf")], ())[0]
    value = largest + mass.log()
    return Values([value], {}, [abs(largest) + abs(mass.log()) + abs(value)])


LOG_MASS = Quantity(
    name="log-mass",
    arguments=("logits",),
    enclose=_enclose,
    textbook=_textbook,
    scale=lambda question: 1 + abs(max(question["logits"])),
    shape=lambda rows, classes: (rows,),
    pooled=False,
    unbounded=True,
    shift_invariant=False,
)
'''

SUBJECT = """
import numpy as np
from gradcert import Implementation, Loss

def log_mass(z):
    largest = z.max(axis=1, keepdims=True)
    return (largest + np.log(np.exp(z - largest).sum(axis=1, keepdims=True)))[:, 0]

def doubled(z, t):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return 2 * (powers / powers.sum(axis=1, keepdims=True) - t)
"""


@dataclass(frozen=True)
class Addition:
    """What is added, and what a subject claims then.

    Attributes
    ----------
    written
        New files.
    edits
        By file, texts that stand in it once, and what replaces each.
    right, wrong
        Python expressions of implementations, in terms of the module ``subject``.
    """

    written: Mapping[str, str]
    edits: Mapping[str, Mapping[str, str]]
    right: str
    wrong: str


QUANTITY = Addition(
    written={"gradcert_oracle/quantities/log_mass.py": LOG_MASS},
    edits={
        "gradcert_oracle/quantities/__init__.py": {
            "from gradcert_oracle.quantities.loss import": (
                "from gradcert_oracle.quantities.log_mass import LOG_MASS\n"
                "from gradcert_oracle.quantities.loss import"
            ),
            "    SOFTMAX,\n    LOSS,\n": "    SOFTMAX,\n    LOG_MASS,\n    LOSS,\n",
        },
        "gradcert_implementations/names.py": {
            "QuantityName = Literal[\n": 'QuantityName = Literal[\n    "log-mass",\n',
            '    "softmax": ("logits",),\n': (
                '    "softmax": ("logits",),\n    "log-mass": ("logits",),\n'
            ),
        },
    },
    right='Implementation(name="mine", functions={"log-mass": log_mass})',
    wrong='Implementation(name="mine", functions={"log-mass": lambda z: log_mass(z) * 1.01})',
)

OPTION = Addition(
    written={},
    edits={
        "gradcert_implementations/interface/losses.py": {
            "    label_smoothing: float": "    factor: float = 1.0\n    label_smoothing: float",
        },
        "gradcert_oracle/losses.py": {
            '    output: str = "softmax"\n': (
                '    output: str = "softmax"\n    factor: float = 1.0\n'
            ),
        },
        "gradcert_oracle/quantities/gradient.py": {
            "GRADIENT = Quantity(": (
                "def _enclose_multiplied(question, guard):\n"
                "    factor = question.loss.factor\n"
                "    return tuple(factor * x for x in _enclose(question, guard))\n"
                "\n\n"
                "def _textbook_multiplied(question, places, level, arithmetic):\n"
                "    factor = question.loss.factor\n"
                "    found = _textbook(question, places, level, arithmetic)\n"
                "    return Values(\n"
                "        [factor * x for x in found.plain],\n"
                "        {place: factor * x for place, x in found.mirrored.items()},\n"
                "        [factor * x for x in found.sizes],\n"
                "    )\n"
                "\n\n"
                "GRADIENT = Quantity("
            ),
            "    enclose=_enclose,\n": "    enclose=_enclose_multiplied,\n",
            "    textbook=_textbook,\n": "    textbook=_textbook_multiplied,\n",
        },
    },
    right='Implementation(name="mine", functions={"dE/dz": doubled}, loss=Loss(factor=2.0))',
    wrong='Implementation(name="mine", functions={"dE/dz": doubled})',
)


def _copied(home: Path) -> None:
    for package in PACKAGES:
        found = find_spec(package)
        assert found is not None
        assert found.origin is not None
        source = Path(found.origin).parent
        copytree(source, home / package, ignore=ignore_patterns("__pycache__"))


def _added(home: Path, addition: Addition) -> None:
    for name, content in addition.written.items():
        (home / name).write_text(content)
    for name, replacements in addition.edits.items():
        text = (home / name).read_text()
        for old, new in replacements.items():
            assert text.count(old) == 1, f"{name} has {text.count(old)} times {old!r}"
            text = text.replace(old, new)
        (home / name).write_text(text)


def _contents(home: Path) -> dict[str, bytes]:
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*.py")}


@pytest.mark.parametrize(
    ("addition", "files"),
    [
        (
            QUANTITY,
            {
                "gradcert_oracle/quantities/log_mass.py",
                "gradcert_oracle/quantities/__init__.py",
                "gradcert_implementations/names.py",
            },
        ),
        (
            OPTION,
            {
                "gradcert_oracle/losses.py",
                "gradcert_oracle/quantities/gradient.py",
                "gradcert_implementations/interface/losses.py",
            },
        ),
    ],
    ids=["a quantity", "an option of the loss"],
)
def test_an_addition_is_certified_everywhere_when_these_files_know_of_it(
    addition: Addition, files: set[str], tmp_path: Path
) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    _copied(home)
    before = _contents(home)
    _added(home, addition)
    after = _contents(home)
    assert {name for name in after if after[name] != before.get(name)} == files
    subjects = f"{SUBJECT}\nright = {addition.right}\nwrong = {addition.wrong}\n"
    (folder / "subject.py").write_text(subjects)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(home), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
        )

    command = "import sys; from gradcert.cli import main; main(sys.argv[1:])"
    (folder / "command.py").write_text(command)
    quick = ("--quick", "--max-examples", "10", "--report")
    for isolated in ((), ("--isolate",)):
        right = run("command", "certify", "subject.py:right", *isolated, *quick, "right")
        assert right.returncode == 0, right.stdout + right.stderr
    wrong = run("command", "certify", "subject.py:wrong", *quick, "wrong")
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    tested = (
        "--gradcert",
        "subject.py:right",
        "--gradcert-quick",
        "--gradcert-max-examples",
        "5",
        "-q",
    )
    suite = run("pytest", "-p", "no:cacheprovider", "--pyargs", "gradcert", *tested)
    assert suite.returncode == 0, suite.stdout
    certificates = [
        json.loads((folder / name / "certificate.json").read_text())["certificates"][0]
        for name in ("right", "wrong")
    ]
    if addition is OPTION:
        assert [one["loss"]["factor"] for one in certificates] == [2.0, 1.0]
        assert "factor" in (folder / "right" / "index.html").read_text()
        assert "factor" in run("command", "diff", "right", "wrong").stdout
    else:
        assert {one["quantity"] for one in certificates[0]["results"]} == {"log-mass"}
        assert "log-mass is " in wrong.stdout
        assert "log-mass" in run("command", "diff", "right", "wrong").stdout
