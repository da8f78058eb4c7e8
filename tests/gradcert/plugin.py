"""The pytest plugin: the options of the conformance suite.

pytest loads this module in every run of an environment that has gradcert, so it imports nothing
heavy. The suite itself is ``gradcert.test_conformance``: ``pytest --pyargs gradcert
--implementation SPEC``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcert import MAX_EXAMPLES

if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_addoption", "pytest_configure"]


def _positive(text: str) -> int:
    """Return a positive integer; argparse turns the ValueError into a usage error."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Add the options of the conformance suite."""
    group = parser.getgroup("gradcert", "softmax / cross-entropy gradient conformance")
    group.addoption(
        "--implementation",
        action="append",
        default=[],
        metavar="SPEC",
        help="certify this implementation: a name, path/to/file.py:name or package.module:name, "
        "the same behind torch:, jax: or numpy:, or a program behind command:; may be repeated "
        "(default: all built-ins)",
    )
    group.addoption(
        "--quantity",
        action="append",
        default=[],
        help="certify this quantity: softmax, loss, dE/do, do/dz or dE/dz; may be repeated",
    )
    group.addoption(
        "--format",
        action="append",
        default=[],
        help="certify in this format: binary64, binary32, binary16 or bfloat16; may be repeated",
    )
    group.addoption(
        "--targets",
        default=None,
        help="certify for these targets: index, probability or any",
    )
    group.addoption(
        "--gradcert-max-examples",
        type=_positive,
        default=MAX_EXAMPLES,
        metavar="N",
        help="cases that a check with a full share of them tries (default: %(default)s)",
    )
    group.addoption(
        "--gradcert-device",
        default=None,
        metavar="DEVICE",
        help="compute a loss behind torch: or jax: here",
    )
    group.addoption(
        "--gradcert-isolate",
        action="store_true",
        help="run each implementation in a process of its own",
    )
    group.addoption(
        "--gradcert-report",
        type=Path,
        default=None,
        metavar="DIR",
        help="write the report here: index.html and more",
    )


def pytest_configure(config: "pytest.Config") -> None:
    """Fail in one line, before anything is collected, if the options select nothing to certify."""
    if any(map(config.getoption, ("implementation", "quantity", "format", "targets"))):
        import pytest

        from gradcert.session import subjects_of
        from gradcert_implementations import SpecError

        try:
            subjects_of(config)
        except SpecError as error:
            raise pytest.UsageError(str(error)) from error
    directory = config.getoption("gradcert_report")
    if directory is not None:
        import pytest

        from gradcert.reporting import Reporting
        from gradcert_reports import clear, prepare

        try:
            prepare(directory)
            if not hasattr(config, "workerinput"):  # A worker of pytest-xdist, begun later.
                clear(directory)
        except OSError as error:
            raise pytest.UsageError(
                f"cannot write a report to {directory}: {error.strerror}; "
                "choose another --gradcert-report"
            ) from error
        config.pluginmanager.register(Reporting(directory, config), "gradcert-report")
