"""Where a library is installed, and what runs it there.

A library of Python is an extra of gradcert, in an environment of its own. Gradcert loads its
adapter by name. A library of another language is a folder in ``programs/``: a program that answers
over a pipe, and a ``package.json``, which names the release that npm installs and the options with
which the program is certified.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec
from commands import ROOT, last_line, run

from gradcert_reports import Certificate

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Environment:
    """A library of Python, in a virtual environment.

    Attributes
    ----------
    library, home
        Its id, and the folder of the environment, which need not be there yet.
    """

    library: str
    home: Path

    @property
    def python(self) -> Path:
        """A Python that has gradcert and what gradcert needs to call the library."""
        return self.home / "bin" / "python"

    @property
    def spec(self) -> str:
        """What gradcert certifies."""
        return self.library

    @property
    def formats(self) -> list[str]:
        """The formats, where the adapter does not say them."""
        return []

    @property
    def runtime(self) -> str:
        """What runs the scripts of its findings, with its version."""
        return run([self.python, "--version"]).stdout.strip()

    @property
    def changed(self) -> float:
        """When the program last changed: the adapter is a part of gradcert's code."""
        return 0.0

    def options(self, given: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Return the options that say what is claimed, where `given` says nothing of it."""
        return []

    def install(self, constraints: Path) -> str:
        """Install what is missing; return why that failed, or nothing."""
        installed = self.home / "installed"
        if _newer(installed, (ROOT / "pyproject.toml").stat().st_mtime):
            return ""
        made = run([sys.executable, "-m", "venv", self.home])
        if made.returncode:
            return last_line(made)
        pip: list[str | Path] = [self.home / "bin" / "pip", "install", "--quiet"]
        extra = f"{ROOT}[{self.library}]"
        done = run([*pip, "--editable", extra, "--constraint", constraints])
        if done.returncode:
            return last_line(done)
        installed.touch()
        return ""

    def script(self, path: Path) -> "subprocess.CompletedProcess[str]":
        """Run a script that uses the library."""
        return run([self.python, path])

    def signed(self, certificate: Certificate) -> Certificate:
        """Return the certificate with the name and the versions of the library."""
        return certificate


class _Package(msgspec.Struct):
    """What is read of a ``package.json``: ours, which has `options`, or an installed one."""

    description: str = ""
    version: str = ""
    main: str = ""
    dependencies: dict[str, str] = {}
    options: dict[str, list[str]] = {}


def _package(folder: Path) -> _Package:
    return msgspec.json.decode((folder / "package.json").read_bytes(), type=_Package)


@dataclass(frozen=True)
class Program:
    """A library from npm, and the program that answers with it. It has what Environment has.

    Attributes
    ----------
    library, home
        Its id, and the folder into which npm installs it, which need not be there yet.
    """

    library: str
    home: Path

    @property
    def _source(self) -> Path:
        return PROGRAMS / self.library

    @property
    def python(self) -> Path:
        return Path(sys.executable)

    @property
    def spec(self) -> str:
        program = os.path.relpath(self.home / _package(self._source).main, ROOT)
        return f"command:{shlex.join(['node', program])}"

    @property
    def formats(self) -> list[str]:
        return _package(self._source).options["format"]

    @property
    def runtime(self) -> str:
        return f"Node.js {_node()}"

    @property
    def changed(self) -> float:
        return max(file.stat().st_mtime for file in self._source.iterdir())

    def options(self, given: Sequence[str]) -> list[str]:
        claimed = _package(self._source).options
        if "--loss" in given:  # Only these depend on its options.
            claimed |= {"quantity": ["loss", "dE/dz"]}
        missing = {
            f"--{name}": values for name, values in claimed.items() if f"--{name}" not in given
        }
        return [
            word for name, values in missing.items() for value in values for word in (name, value)
        ]

    def install(self, constraints: Path) -> str:  # noqa: ARG002
        for tool in ("node", "npm"):
            if shutil.which(tool) is None:
                return f"there is no {tool}"
        installed = self.home / "installed"
        if _newer(installed, self.changed):
            return ""
        shutil.copytree(self._source, self.home, dirs_exist_ok=True)
        quiet = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
        done = run(["npm", "install", "--prefix", self.home, *quiet])
        if done.returncode:
            # The other lines name hosts, and files of this machine.
            codes = [line for line in done.stderr.splitlines() if line.startswith("npm error code")]
            return codes[0] if codes else "npm failed"
        installed.touch()
        return ""

    def script(self, path: Path) -> "subprocess.CompletedProcess[str]":
        return run(["node", shutil.copy(path, self.home)])  # It looks for packages beside itself.

    def signed(self, certificate: Certificate) -> Certificate:
        package, made = _package(self._source), certificate.provenance
        (name,) = package.dependencies
        installed = _package(self.home / "node_modules" / name)
        versions = made.versions | {"node": _node(), name: installed.version}
        return msgspec.structs.replace(
            certificate,
            name=self.library,
            summary=package.description,
            provenance=msgspec.structs.replace(made, library=name, versions=versions),
        )


Place: TypeAlias = Environment | Program


def _newer(file: Path, time: float) -> bool:
    return file.exists() and file.stat().st_mtime > time


def _node() -> str:
    return run(["node", "--version"]).stdout.strip().removeprefix("v")


def programs() -> list[str]:
    """Return the libraries of other languages."""
    return sorted(folder.name for folder in PROGRAMS.iterdir())


def place_of(library: str, home: Path) -> Place:
    """Return where a library is installed, or will be."""
    return Program(library, home) if library in programs() else Environment(library, home)
