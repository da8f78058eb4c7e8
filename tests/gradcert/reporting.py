"""The report of a pytest run, whole or cut short, on one process or on many.

Each test leaves what it found on its item, as a certificate of its one check. With pytest-xdist the
test's report carries it to the controller, which joins them, keeps each as it comes, and diagnoses
at the end.
"""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import msgspec
import pytest

from gradcert.certification import certificate_of, examiner_of
from gradcert.checks import planned
from gradcert.provenance import provenance
from gradcert.session import FOUND, subjects_of
from gradcert_implementations import Implementation
from gradcert_reports import Certificate, CheckResult, Report, keep, write

__all__ = ["Reporting"]

_Key = tuple[str, str, str]


def _key(result: CheckResult) -> _Key:
    return result.check, result.quantity, result.format


def _joined(subject: Implementation, parts: Sequence[Certificate]) -> Certificate:
    """Return one certificate of the results of several, in the order of the plan."""
    found = {_key(result): result for part in parts for result in part.results}
    plan = ((check.id, claim.quantity, claim.format.name) for check, claim in planned(subject))
    duration = sum(part.provenance.duration for part in parts)
    return certificate_of(
        subject,
        [found[key] for key in plan if key in found],
        parts[0].diagnoses,
        msgspec.structs.replace(parts[0].provenance, duration=round(duration, 3)),
    )


def _diagnosed(subject: Implementation, found: Certificate) -> Certificate:
    """Diagnose what was refuted; examined again, for the cases stayed where the test ran."""
    if found.diagnoses or not found.refutations:
        return found
    asked = found.provenance
    with examiner_of(subject, max_examples=asked.max_examples, seed=asked.seed) as examiner:
        return msgspec.structs.replace(found, diagnoses=examiner.diagnoses(found.results))


class Reporting:
    """The part of the plugin that ``--gradcert-report`` adds."""

    def __init__(self, directory: Path, config: pytest.Config) -> None:
        self._directory = directory
        self._is_worker = hasattr(config, "workerinput")
        max_examples = config.getoption("gradcert_max_examples")
        self._subjects = [
            (
                subject,
                certificate_of(
                    subject, (), (), provenance(subject, seed=0, max_examples=max_examples)()
                ),
            )
            for subject in ([] if self._is_worker else subjects_of(config)[0])
        ]
        self._parts: dict[str, list[Certificate]] = {}
        self._written: list[Path] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what a test found on its report, as text, which travels between processes."""
        report = yield
        if report.when == "call" and FOUND in item.stash:
            report.__dict__["gradcert"] = msgspec.json.encode(item.stash[FOUND]).decode()
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what a test found, and keep it at once."""
        if self._is_worker or not hasattr(report, "gradcert"):
            return
        first = not self._parts
        part = msgspec.json.decode(report.gradcert, type=Certificate)
        self._parts.setdefault(part.origin, []).append(part)
        # No page of an earlier run may stand for one that is killed.
        (write if first else keep)(self._report(), self._directory)

    def pytest_sessionfinish(self) -> None:
        """Write the report, unless no test of the suite ran."""
        if self._parts:
            self._written = write(self._report(_diagnosed), self._directory)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report lies."""
        for path in self._written:
            terminalreporter.write_line(f"wrote {path}")

    def _report(
        self,
        finish: Callable[[Implementation, Certificate], Certificate] = lambda _, found: found,
    ) -> Report:
        return Report(
            certificates=tuple(
                finish(subject, _joined(subject, self._parts.get(subject.origin, [nothing])))
                for subject, nothing in self._subjects
            )
        )
