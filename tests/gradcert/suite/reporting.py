"""The report of a pytest run, whole or cut short, on one process or on many.

Each test leaves what it found on its item, as a certificate of its one check. With pytest-xdist the
test's report carries it to the controller. The controller joins the certificates, keeps each as it
comes, and diagnoses at the end.
"""

import functools
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from gradcert.core.clock import added
from gradcert.core.endings import no_exit
from gradcert.core.settings import Effort, SearchSettings
from gradcert.core.task import Task
from gradcert.engine.certification import begun, grown
from gradcert.engine.coverage import joined, untried
from gradcert.engine.examiner import Examiner
from gradcert.engine.provenance import provenance
from gradcert.suite.session import FOUND, settings_of, subjects_of
from gradcert_implementations import Implementation
from gradcert_reports import Certificate, CheckResult, Diagnosis, Option, Report, keep, write

__all__ = ["Reporting"]


@dataclass(frozen=True)
class _Key:
    """What parts of one certificate have in common: the subject, its claims and the settings."""

    origin: str
    name: str
    quantities: tuple[str, ...]
    formats: tuple[str, ...]
    loss: frozenset[tuple[str, Option]]
    domain: frozenset[tuple[str, Option]]
    at_least: str | None
    seed: int
    max_examples: int
    effort: str | None


def _key(certificate: Certificate) -> _Key:
    made = certificate.provenance
    return _Key(
        certificate.origin,
        certificate.name,
        certificate.quantities,
        certificate.formats,
        frozenset(certificate.loss.items()),
        frozenset(certificate.domain.items()),
        certificate.at_least,
        made.seed,
        made.max_examples,
        made.effort,
    )


def _place(certificate: Certificate, result: CheckResult) -> tuple[int, int]:
    """Return where the claim of a result stands in the plan."""
    return (
        certificate.quantities.index(result.quantity),
        certificate.formats.index(result.format),
    )


def _explained(diagnosis: Diagnosis) -> int:
    """Return how many cases a diagnosis explains."""
    return diagnosis.cases - diagnosis.unexplained


def _joined(parts: Sequence[Certificate]) -> Certificate:
    """Return one certificate of the results of several, of a check that ran twice the worse one.

    Of the diagnoses of a quantity it is the one that explains most cases.
    """
    first = parts[0]
    every = [result for part in parts for result in part.results]
    found = {Task.of(one): one for one in sorted(every, key=lambda one: one.verdict.severity)}
    every_diagnosis = [one for part in parts for one in part.diagnoses]
    diagnoses = {one.quantity: one for one in sorted(every_diagnosis, key=_explained)}
    duration = sum(part.provenance.duration for part in parts)
    spent = functools.reduce(added, (part.provenance.spent for part in parts))
    took = {task: seconds for part in parts for task, seconds in part.provenance.took.items()}
    return grown(
        first,
        sorted(found.values(), key=functools.partial(_place, first)),
        coverage=joined(part.coverage for part in parts),
        diagnoses=tuple(diagnoses.values()),
        provenance=msgspec.structs.replace(
            first.provenance, duration=round(duration, 3), spent=spent, took=took
        ),
    )


def _diagnosed(subject: Implementation, found: Certificate) -> Certificate:
    """Diagnose all refutations together. What ran in another process is examined again.

    A check that has no result may hang, and no test limits the time here. So what the tests have
    diagnosed one by one stands.
    """
    if not found.refutations or not found.complete:
        return found
    made = found.provenance
    settings = SearchSettings(
        max_examples=made.max_examples,
        seed=made.seed,
        effort=Effort.named(made.effort),
    )
    with Examiner(subject, settings) as examiner, no_exit():
        return msgspec.structs.replace(found, diagnoses=examiner.diagnoses(found.results))


@dataclass(frozen=True)
class _Subject:
    """A subject of the command line, and its certificate before the first check."""

    implementation: Implementation
    begun: Certificate


class Reporting:
    """The part of the plugin that ``--gradcert-report`` adds.

    Parameters
    ----------
    directory
        The folder of the report.
    config
        The configuration of the run.
    of_suite
        Whether the run is about the suite itself, and not only about tests that call it.
    """

    def __init__(self, directory: Path, config: pytest.Config, *, of_suite: bool) -> None:
        self._directory = directory
        self._is_worker = hasattr(config, "workerinput")
        # Subjects of the user's own test files are not among these; their tests bring their parts.
        # Where there are no others, none is loaded: the built-ins and their plans take a minute.
        self._subjects: dict[_Key, _Subject] = {}
        for subject in subjects_of(config).all if of_suite and not self._is_worker else []:
            settings = settings_of(config, subject)
            where = provenance(subject, settings)({}, {})
            coverage = untried(subject, settings)
            start = begun(subject, coverage=coverage, provenance=where)
            self._subjects[_key(start)] = _Subject(subject, start)
        self._parts: dict[_Key, list[Certificate]] = {}
        self._written: list[Path] = []
        self._unwritten = ""

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
        first = not self._parts  # Write pages now: a run that is killed leaves unfinished ones.
        part = msgspec.json.decode(report.gradcert, type=Certificate)
        self._parts.setdefault(_key(part), []).append(part)
        with self._says_why_not():
            (write if first else keep)(self._report(), self._directory)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report, unless no test of the suite ran."""
        if self._parts:
            with self._says_why_not():
                self._written = write(self._report(finished=True), self._directory)
            if not self._written:
                session.exitstatus = pytest.ExitCode.USAGE_ERROR

    @contextmanager
    def _says_why_not(self) -> Iterator[None]:
        """Remember why the report cannot be written: other tests than ours may go on."""
        try:
            yield
        except OSError as error:
            self._unwritten = f"cannot write a report to {self._directory}: {error.strerror}"

    # In quotes: pytest 8.3 does not export the name.
    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Say where the report lies."""
        for path in self._written:
            terminalreporter.write_line(f"wrote {path}")
        if self._parts and not self._written:
            terminalreporter.write_line(f"gradcert: {self._unwritten}")

    def _report(self, *, finished: bool = False) -> Report:
        parts = self._parts
        if parts.keys() & self._subjects.keys():
            parts = {key: [one.begun] for key, one in self._subjects.items()} | parts
        certificates = []
        for key, found in parts.items():
            certificate = _joined(found)
            if finished and key in self._subjects:
                certificate = _diagnosed(self._subjects[key].implementation, certificate)
            certificates.append(certificate)
        return Report(certificates=tuple(certificates))
