"""The recipe for programs: the certificate on standard output, from a seed that nobody knows."""

from pathlib import Path

from fault import Fault

from gradcert_reports import read
from gradcert_reports.model.encoding import decode

_LOUD = """
print("mine")
os.write(1, b"mine too")
f = flipped
"""


def _run(folder: Path, options: str, *, source: str = _LOUD, status: int = 1) -> bytes:
    verdict = "refuted" if status else "conforms"
    fault = Fault(
        what=f"the recipe with {options}",
        source=source,
        command=f"gradcert certify kernel.py:f FEW --json {options}",
        status=status,
        verdict=verdict,
    )
    return fault.run(folder).stdout


def test_json_is_the_certificate_and_nothing_else_whatever_the_subject_prints(
    tmp_path: Path,
) -> None:
    printed = decode(_run(tmp_path, ""))
    assert printed == read(tmp_path / "out" / "certificate.json")
    (found,) = printed.certificates
    first = found.refutations[0].discrepancy
    assert found.verdict == "refuted"
    assert found.passed is not None
    assert 0 < found.passed < 1
    assert first is not None
    assert first.arguments["logits"] == (("0.0", "0.0"),)
    assert found.diagnoses[0].matches[0].flaw == "sign-flipped"


def test_a_random_seed_is_another_one_in_each_run_and_is_recorded(tmp_path: Path) -> None:
    seeds = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        printed = decode(_run(tmp_path / name, "--seed random", source="", status=0))
        (found,) = printed.certificates
        assert found.passed == 1
        seeds.append(found.provenance.seed)
    assert seeds[0] != seeds[1]


def test_json_is_utf_8_on_a_terminal_that_knows_ascii_only(tmp_path: Path) -> None:
    fault = Fault(
        what="a name that the terminal has no letters for, as JSON",
        source="def grädient(logits, targets): return right(logits, targets)",
        command="gradcert certify kernel.py:grädient FEW --json",
        environment={"PYTHONIOENCODING": "ascii"},
        status=0,
        verdict="conforms",
    )
    (found,) = decode(fault.run(tmp_path).stdout).certificates
    assert found.name == "grädient"
