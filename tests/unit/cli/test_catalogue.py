"""``gradcert list`` and ``gradcert explain``."""

import re

import numpy as np
import pytest
from command_line import Run
from typer.testing import CliRunner

from gradcert.cli import main
from gradcert_implementations import (
    BUILT_IN,
    FLAWED,
    LEDGER_FORMULAS,
    LIBRARIES,
    Flaw,
    documented,
    load,
)


def _table(text: str) -> list[list[str]]:
    """Return the cells of the table's rows, without its head."""
    rows = text.partition("\n\n")[0].splitlines()[1:]
    return [re.split(r"  +", row.strip()) for row in rows]


def test_list_shows_every_built_in_with_its_title(gradcert: Run) -> None:
    done = gradcert("list")
    assert done.returncode == 0
    names = [*BUILT_IN, *LEDGER_FORMULAS, *LIBRARIES]
    assert _table(done.stdout) == [[name, documented(name)[0]] for name in names]


def test_list_shows_every_flaw_with_its_kind_and_title(gradcert: Run) -> None:
    done = gradcert("list", "--flaws")
    assert done.returncode == 0
    flaws = [known for known in map(load, FLAWED) if isinstance(known, Flaw)]
    assert _table(done.stdout) == [
        [known.name, known.kind, documented(known.name)[0]] for known in flaws
    ]


def test_list_says_how_many_flaws_there_are_and_how_to_see_them(gradcert: Run) -> None:
    last = gradcert("list").stdout.splitlines()[-1]
    assert last.startswith(f"{len(FLAWED)} more ")
    assert "gradcert list --flaws" in last


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
    for part in (known.formula, known.kind, known.source, *known.links):
        assert part in done.stdout
    verdict = {
        "refuted": " refutes ",
        "broken": " broken: ",
        "conforms": "no check refutes it",
    }
    assert verdict[known.verdict] in done.stdout
