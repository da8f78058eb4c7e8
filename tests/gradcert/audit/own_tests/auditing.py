"""The part of the pytest plugin that replaces a function, and writes down what comes of it."""

import hashlib
import os
import sys
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gradcert.audit.own_tests.calls import wrapped
from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
from gradcert.audit.own_tests.mutating import Mutating, Tally
from gradcert.audit.own_tests.replacing import Replacing
from gradcert.audit.own_tests.seen import RECORD, ItemSeen, ProcessSeen, add
from gradcert.audit.own_tests.targets import CannotReplace, Target
from gradcert_implementations.names import known_name

__all__ = ["Auditing"]


def _sources(root: Path, package: str) -> dict[str, str]:
    """Return the digests of the loaded Python files of a package, and of those below a folder.

    Libraries below the folder do not count.
    """
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        path = Path(file) if isinstance(file, str) else root
        below = path.is_relative_to(root) and not path.is_relative_to(sys.prefix)
        if (below or name.partition(".")[0] == package) and path.is_file():
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Auditing:
    """One run of pytest with a replaced function.

    Parameters
    ----------
    config
        The configuration of the run.
    target
        What is replaced, as ``--gradcert-replace`` has it.
    mutant
        The name of the mutant, as ``--gradcert-mutant`` has it. Without one the function is
        replaced by one that does the same.

    Raises
    ------
    pytest.UsageError
        For an unknown mutant, and for a text that names no function.
    """

    def __init__(self, config: pytest.Config, target: str, mutant: str | None) -> None:
        self._config = config
        try:
            known = None if mutant is None else known_name("mutant", mutant, tuple(ALL_MUTANTS))
            named = Target.named(target)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
        self._mutating = Mutating(None if known is None else ALL_MUTANTS[known])
        self._replacing = Replacing(named, partial(wrapped, mutating=self._mutating))
        self._record = Path(os.environ[RECORD]) if RECORD in os.environ else None
        self._failed = False
        self._replacing.begin()

    @property
    def _tally(self) -> Tally:
        return self._mutating.tally

    def pytest_collection_finish(self) -> None:
        """Replace the function, if there is one, in every module that was imported by now."""
        try:
            self._replacing.finish()
        except CannotReplace as error:
            if self._record is not None:
                add(ProcessSeen(str(error)), self._record)
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Write down what happened in a test."""
        before = replace(self._tally)
        self._failed, self._tally.failure = False, ""
        try:
            return (yield)
        finally:
            if self._record is not None:
                seen = ItemSeen(
                    test=item.nodeid.encode(errors="replace").decode(),
                    failed=self._failed,
                    calls=self._tally.calls - before.calls,
                    gradients=self._tally.gradients - before.gradients,
                    changed=self._tally.changed - before.changed,
                    failure=self._tally.failure,
                )
                add(seen, self._record)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: "pytest.CallInfo[None]"
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note whether the last try of a test fails: a plugin may try it again."""
        report = yield
        begins = call.when == "setup"
        self._failed = report.failed or (self._failed and not begins)
        return report

    def pytest_sessionfinish(self) -> None:
        """Write down what happened in this process."""
        if self._record is None or self._distributes:
            return
        tally = self._tally
        seen = ProcessSeen(
            calls=tally.calls,
            gradients=tally.gradients,
            changed=tally.changed,
            held_by=tuple(self._replacing.held_by()) if not tally.calls else (),
            sources=self._sources() if self._mutating.mutant is None else {},
        )
        add(seen, self._record)

    def _sources(self) -> dict[str, str]:
        package, _, _ = self._replacing.target.module.partition(".")
        return _sources(self._config.rootpath, package)

    @property
    def _distributes(self) -> bool:
        """Whether other processes run the tests, and not this one."""
        return bool(self._config.pluginmanager.hasplugin("dsession"))

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        """Say what was replaced, and what came of it."""
        if not self._distributes and exitstatus != pytest.ExitCode.USAGE_ERROR:
            tally, mutant = self._tally, self._mutating.mutant
            name = "no mutant" if mutant is None else mutant.name
            terminalreporter.write_line(
                f"gradcert: {name} in {self._replacing.target}: called {tally.calls} times, "
                f"{tally.gradients} gradients, {tally.changed} of them changed"
            )

    def pytest_unconfigure(self) -> None:
        """Put the function back."""
        self._replacing.restore()
