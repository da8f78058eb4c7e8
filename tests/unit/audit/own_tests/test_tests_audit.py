"""What a run of the tests says about its mutant."""

import pytest

from gradcert.audit.own_tests import tests_audit
from gradcert.audit.own_tests.runs import Command, Ended
from gradcert.audit.own_tests.seen import ItemSeen, ProcessSeen, Seen
from gradcert_reports.audits.tests_records import Fate

COMMAND = Command("kernels:gradient", ("tests", "-k", "a b"))


def _item(*, failed: bool = False, changed: int = 1, failure: str = "") -> ItemSeen:
    return ItemSeen("t.py::t", failed, 1, 1, changed, failure)


@pytest.mark.parametrize(
    ("status", "seen", "output", "fate", "reason"),
    [
        (1, [_item(failed=True)], "", Fate.KILLED, ""),
        (0, [_item(), ProcessSeen()], "", Fate.SURVIVED, ""),
        (0, [_item(changed=0), ProcessSeen()], "", Fate.NO_MEANING, ""),
        (0, [_item(changed=0)], "", Fate.NOT_TRIED, "the run ended with exit status 0 before"),
        (0, [_item(changed=0), ProcessSeen(changed=1)], "", Fate.SURVIVED, ""),
        (None, [], "", Fate.KILLED, "took too long"),
        (-11, [], "x\nbye\n", Fate.KILLED, "the run was ended by SIGSEGV: bye"),
        (-99, [], "", Fate.KILLED, "the run was ended by signal 99: it wrote nothing"),
        (2, [], "E   ValueError: a\nlast", Fate.KILLED, "the run ended with exit status 2:"),
        (3, [], "INTERNALERROR> x", Fate.NOT_TRIED, "pytest failed: INTERNALERROR> x"),
        (1, [_item(failed=True, changed=0)], "", Fate.NOT_TRIED, "t.py::t fails although nothing"),
        (
            1,
            [_item(failed=True, changed=0, failure="MemoryError")],
            "",
            Fate.NOT_TRIED,
            "it cannot be made: MemoryError",
        ),
        (1, [_item(failed=True, failure="MemoryError")], "", Fate.KILLED, ""),
    ],
)
def test_the_fate_of_a_mutant_follows_from_its_run(
    monkeypatch: pytest.MonkeyPatch,
    status: int | None,
    seen: list[Seen],
    output: str,
    fate: Fate,
    reason: str,
) -> None:
    ended = Ended("zero", status, 1.0, tuple(seen), output)
    monkeypatch.setattr(tests_audit, "run", lambda *_, **__: [ended])
    (outcome,) = tests_audit.outcomes(
        COMMAND,
        ["zero"],
        folder=None,  # type: ignore[arg-type]
        jobs=1,
        time_limit=1,
    )
    assert outcome.fate == fate
    assert outcome.reason.startswith(reason)
    assert bool(outcome.reason) == bool(reason)
    assert outcome.command.endswith("--gradcert-replace kernels:gradient tests -k 'a b'")


def test_a_digest_depends_on_the_command_the_files_and_what_else_is_named() -> None:
    found = tests_audit.Baseline((), 1.0, {"a.py": "1", "b.py": "2"})
    same = tests_audit.Baseline((), 2.0, {"b.py": "2", "a.py": "1"})
    assert tests_audit.digest(COMMAND, found, "x") == tests_audit.digest(COMMAND, same, "x")
    others = [
        tests_audit.digest(Command("kernels:other", COMMAND.arguments), found, "x"),
        tests_audit.digest(Command(COMMAND.target, ("tests",)), found, "x"),
        tests_audit.digest(COMMAND, tests_audit.Baseline((), 1.0, {"a.py": "3"}), "x"),
        tests_audit.digest(COMMAND, found, "y"),
    ]
    assert len({tests_audit.digest(COMMAND, found, "x"), *others}) == 5
