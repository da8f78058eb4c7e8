"""The pytest plugin: the options of the conformance suite, all of which begin with ``--gradcert``.

The claim, the number of examples, the effort and the isolation have the defaults of the project,
from ``[tool.gradcert]``, where the suite itself is asked for.

pytest loads this module in every run of an environment that has gradcert, so it imports nothing
heavy. The suite itself is ``gradcert.suite.test_conformance``, which ``pytest --pyargs gradcert
--gradcert SPEC`` runs.
"""

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from gradcert import MAX_EXAMPLES
from gradcert_implementations.options import Options

if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_addoption", "pytest_configure", "pytest_report_header"]


def _positive_integer(text: str) -> int:
    """Return a positive integer. If this raises ValueError, argparse shows its name."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _folder(text: str) -> Path:
    """Return a folder, by its absolute path. An empty name (an unset shell variable) is an error.

    So is the sign for standard output. A subject may change the working directory.
    """
    if text in ("", "-"):
        import argparse

        raise argparse.ArgumentTypeError(f"{text!r} is no folder; name one, such as report")
    return Path(text).absolute()


_positive_integer.__name__ = "positive integer"


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Add the options of the conformance suite."""
    group = parser.getgroup("gradcert", "softmax / cross-entropy gradient conformance")
    group.addoption(
        "--gradcert",
        dest="gradcert_specs",
        action="append",
        default=[],
        metavar="SPEC",
        help="certify this implementation: a name, path/to/file.py:name or package.module:name, "
        "the same behind torch:, jax: or numpy:, or a program behind command:; may be repeated "
        "(default: all built-ins)",
    )
    for option in fields(Options):
        group.addoption(
            f"--gradcert-{option.metadata['option']}",
            dest=f"gradcert_{option.name}",
            action="append" if option.default == () else "store",
            default=[] if option.default == () else option.default,
            metavar=option.metadata["metavar"],
            help=option.metadata["help"],
        )
    group.addoption(
        "--gradcert-max-examples",
        type=_positive_integer,
        default=None,
        metavar="N",
        help=f"draw N cases a check at most, beside the plan of cases (default: {MAX_EXAMPLES})",
    )
    group.addoption(
        "--gradcert-quick",
        action="store_true",
        help="try a small part of the plan of cases, and a quarter of the drawn cases",
    )
    group.addoption(
        "--gradcert-thorough",
        action="store_true",
        help="try all of the plan on every claim, and ten times the drawn cases",
    )
    group.addoption(
        "--gradcert-isolate",
        action="store_true",
        help="run each implementation in a process of its own",
    )
    group.addoption(
        "--gradcert-report",
        type=_folder,
        default=None,
        metavar="DIR",
        help="write the report here: index.html and more",
    )
    group.addoption(
        "--gradcert-replace",
        default=None,
        metavar="MODULE:NAME",
        help="replace this function of yours in these tests, to see which wrong gradients they let "
        "through; gradcert audit pytest tries all mutants",
    )
    group.addoption(
        "--gradcert-mutant",
        default=None,
        metavar="NAME",
        help="make the gradient of the replaced function wrong in this way, such as sign-flipped",
    )


_FLAGS = ("quick", "thorough", "isolate")

_DEFAULTS_OF = "gradcert_defaults_of"
"""Where the command line of pytest says which file has the defaults that count."""


def _runs_the_suite(config: "pytest.Config") -> bool:
    """Return whether a run is about the suite itself, and not only about tests that call it."""
    return bool(config.getoption("gradcert_specs")) or (
        config.getoption("pyargs")
        and any(re.match(r"gradcert($|\.|::)", one) for one in config.invocation_params.args)
    )


def _take_defaults(config: "pytest.Config") -> None:
    """Let options that were not given have the defaults of the project."""
    import pytest

    # A run that is not about the suite reads no file of ours.
    if not _runs_the_suite(config):
        return
    from gradcert.cli.defaults import defaults_of_pytest, left_by

    try:
        found = defaults_of_pytest(config.invocation_params.dir)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    if found is None:
        return
    values = dict(found.values)
    if config.getoption("gradcert_quick") or config.getoption("gradcert_thorough"):
        values |= {"quick": False, "thorough": False}
    options = [option.name for option in fields(Options)]
    typed = {name: config.getoption(f"gradcert_{name}") for name in options}
    values = left_by({name: value for name, value in typed.items() if value}, values)
    names = [*options, "max_examples", *_FLAGS]
    used = [
        name
        for name in names
        if values.get(name) and not config.getoption(f"gradcert_{name}", None)
    ]
    for name in used:
        setattr(config.option, f"gradcert_{name}", values[name])
    if used:
        setattr(config.option, _DEFAULTS_OF, f"{found.file}: {', '.join(used)}")


def pytest_report_header(config: "pytest.Config") -> list[str]:
    """Say which defaults of the project count."""
    said = getattr(config.option, _DEFAULTS_OF, None)
    return [f"gradcert: defaults of {said}"] if said else []


def pytest_configure(config: "pytest.Config") -> None:
    """Fail in one line, before anything is collected, if the options cannot be followed."""
    import pytest

    if config.getoption("gradcert_specs") and not any("gradcert" in one for one in config.args):
        raise pytest.UsageError(
            "--gradcert says what the suite of gradcert certifies: add --pyargs gradcert"
        )
    _take_defaults(config)
    if config.getoption("gradcert_max_examples") is None:
        config.option.gradcert_max_examples = MAX_EXAMPLES
    quick, thorough = config.getoption("gradcert_quick"), config.getoption("gradcert_thorough")
    if quick and thorough:
        from gradcert.core.settings import Effort

        try:
            Effort.flagged(quick=quick, thorough=thorough)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
    directory = config.getoption("gradcert_report")
    if directory is not None:
        from gradcert_reports import clear, prepare

        try:
            prepare(directory)
            if not hasattr(config, "workerinput"):  # A worker of pytest-xdist starts later.
                clear(directory)
        except OSError as error:
            raise pytest.UsageError(
                f"cannot write a report to {directory}: {error.strerror}; "
                "choose another --gradcert-report"
            ) from error
    selecting = ["gradcert_specs", *(f"gradcert_{option.name}" for option in fields(Options))]
    if any(map(config.getoption, selecting)):
        from gradcert.suite.session import subjects_of
        from gradcert_implementations import SpecError

        try:
            subjects_of(config)
        except SpecError as error:
            raise pytest.UsageError(str(error)) from error
    if directory is not None:
        from gradcert.suite.reporting import Reporting

        reporting = Reporting(directory, config, of_suite=_runs_the_suite(config))
        config.pluginmanager.register(reporting, "gradcert-report")
    target, mutant = config.getoption("gradcert_replace"), config.getoption("gradcert_mutant")
    if target is not None:
        from gradcert.audit.own_tests.auditing import Auditing

        config.pluginmanager.register(Auditing(config, target, mutant), "gradcert-audit")
    elif mutant is not None:
        raise pytest.UsageError(
            f"--gradcert-mutant {mutant} needs a function: add --gradcert-replace MODULE:NAME"
        )
