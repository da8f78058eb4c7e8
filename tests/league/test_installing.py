"""A library of another language is installed by npm and certified through its program.

Npm and node are scripts here: what they are asked and what the league makes of their answers does
not depend on the network.
"""

import shutil
import sys
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from beyond import beyond_of, formula
from installing import PROGRAMS, Environment, Program, place_of, programs

import gradcert
from gradcert_implementations import LIBRARIES, load
from gradcert_implementations.names import QuantityName
from gradcert_reports import Certificate, write
from league import finding_of, row_of

PACKAGE = """
    {
      "description": "Fastmath: its softmax.",
      "main": "program.py",
      "dependencies": {"@fast/math": "2.1.0"},
      "options": {"quantity": ["loss", "dE/dz"], "format": ["binary32"]}
    }
"""

PROGRAM = """
    import json, sys
    import numpy as np

    read, write = sys.stdin.buffer, sys.stdout.buffer
    while line := read.readline():
        asked = json.loads(line)
        shape = asked["shapes"][0]
        size = 4 * shape[0] * shape[1]
        z, t = (np.frombuffer(read.read(size), np.float32).reshape(shape) for _ in range(2))
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        total = powers.sum(axis=1, keepdims=True)
        answer = powers / total - t
        if asked["quantity"] == "loss":
            answer = (t * (np.log(total) - (z - z.max(axis=1, keepdims=True)))).sum(axis=1)
        write.write(json.dumps({"shape": answer.shape}).encode() + b"\\n" + answer.tobytes())
        write.flush()
"""

NPM = """
    echo "$@" >> ASKED
    mkdir -p "$3/node_modules/@fast/math"
    echo '{"version": "2.1.0"}' > "$3/node_modules/@fast/math/package.json"
"""

PYTHON = f"""
    exec {sys.executable} "$@"
"""

GRADCERT = """
    echo "$@" >> ASKED
    for folder; do :; done
    mkdir -p "$folder"
    cp KEPT "$folder/certificate.json"
"""

NODE = f"""
    if [ "$1" = --version ]; then echo v20.1.0; else exec {sys.executable} "$@"; fi
"""


@cache
def scipy() -> Certificate:
    """Return a certificate, whose checks were quick."""
    return gradcert.certify(
        "scipy", quantities=["dE/dz"], formats=["binary32"], max_examples=1, effort="quick"
    )


class Machine:
    """A machine with scripts for npm, node and gradcert, and a library of npm, ``fastmath``.

    Attributes
    ----------
    asked
        What npm and gradcert were asked, a line each time.
    source, home, place
        The folder of its program, and where it is installed.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._tools, self.asked = folder / "bin", folder / "asked"
        self.home = folder / "league" / "fastmath"
        source = self.source = folder / "programs" / "fastmath"
        for made in (self._tools, self.home.parent, source):
            made.mkdir(parents=True)
        (source / "package.json").write_text(dedent(PACKAGE))
        (source / "program.py").write_text(dedent(PROGRAM))
        for name in ("mkdir", "cp"):
            (self._tools / name).symlink_to(str(shutil.which(name)))
        kept = folder / "kept"
        write(scipy(), kept)
        self.offer("npm", NPM.replace("ASKED", str(self.asked)))
        self.offer("node", NODE)
        self.offer("python", PYTHON)
        certify = GRADCERT.replace("ASKED", str(self.asked))
        self.offer("gradcert", certify.replace("KEPT", str(kept / "certificate.json")))
        patch.setenv("PATH", str(self._tools))
        patch.setattr("installing.PROGRAMS", source.parent)
        patch.setattr("league.HOME", self.home.parent)
        patch.setattr("installing.Program.python", self._tools / "python")
        self.place = Program("fastmath", self.home)

    def offer(self, tool: str, script: str) -> None:
        """Put a tool on the path."""
        path = self._tools / tool
        path.write_text(f"#!/bin/sh\n{dedent(script)}")
        path.chmod(0o755)

    def remove(self, tool: str) -> None:
        """Take a tool off the path."""
        (self._tools / tool).unlink()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_npm_installs_the_release_that_is_named_into_the_folder_of_the_library(
    machine: Machine,
) -> None:
    assert machine.place.install(Path()) == ""
    assert machine.asked.read_text().startswith(f"install --prefix {machine.home} ")
    assert '"@fast/math": "2.1.0"' in (machine.home / "package.json").read_text()


def test_a_library_that_is_installed_is_not_installed_again(machine: Machine) -> None:
    assert machine.place.install(Path()) == machine.place.install(Path()) == ""
    assert len(machine.asked.read_text().splitlines()) == 1


@pytest.mark.parametrize("tool", ["node", "npm"])
def test_the_row_says_which_tool_is_missing(machine: Machine, tool: str) -> None:
    machine.remove(tool)
    row = row_of("fastmath", constraints=Path(), newest=0.0)
    assert row.failure == f"does not install: there is no {tool}"


def test_the_row_has_the_code_of_npms_error_and_no_host(machine: Machine) -> None:
    machine.offer(
        "npm",
        """
        echo "npm error code ETARGET" >&2
        echo "npm error 404 Not Found - GET https://registry.example/@fast%2fmath" >&2
        echo "npm error A complete log of this run can be found in: /home/me/.npm/log" >&2
        exit 1
        """,
    )
    row = row_of("fastmath", constraints=Path(), newest=0.0)
    assert row.failure == "does not install: npm error code ETARGET"


def test_a_program_is_certified_as_its_package_says_and_signed_with_its_release(
    machine: Machine,
) -> None:
    row = row_of("fastmath", constraints=Path(), newest=0.0)
    _, first, second = machine.asked.read_text().splitlines()
    certified = f"certify {machine.place.spec} --isolate"
    assert first.startswith(certified)
    assert "--quantity loss --quantity dE/dz --format binary32 --report" in first
    assert second.startswith(certified)
    assert "--format binary32 --targets any --quantity dE/dz --report" in second
    for found in (row.certificate, row.any_targets):
        assert found is not None, row.failure
        assert (found.name, found.summary) == ("fastmath", "Fastmath: its softmax.")
        versions = found.provenance.versions
        assert (found.provenance.library, versions["@fast/math"]) == ("@fast/math", "2.1.0")
        assert versions["node"] == "20.1.0"
    assert row.beyond is not None
    assert (formula(row.beyond.gradient), row.beyond.agrees) == ("o - t", False)


def test_a_certificate_is_made_again_after_the_program_has_changed(machine: Machine) -> None:
    for _ in range(2):
        row_of("fastmath", constraints=Path(), newest=0.0)
    asked = len(machine.asked.read_text().splitlines())
    (machine.source / "package.json").touch()
    row_of("fastmath", constraints=Path(), newest=0.0)
    assert (asked, len(machine.asked.read_text().splitlines())) == (3, 6)


def test_an_option_that_is_given_replaces_those_of_the_package(machine: Machine) -> None:
    words = machine.place.options(("--targets", "any", "--quantity", "dE/dz"))
    assert words == ["--format", "binary32"]


def test_under_options_of_the_loss_only_what_depends_on_them_is_claimed(machine: Machine) -> None:
    package = machine.source / "package.json"
    package.write_text(package.read_text().replace('["loss", "dE/dz"]', '["softmax", "dE/dt"]'))
    words = machine.place.options(("--loss", "reduction=sum", "--format", "binary32"))
    assert words == ["--quantity", "loss", "--quantity", "dE/dz"]


def test_the_slopes_of_a_loss_in_binary32_are_known_well_enough_to_name_their_formula(
    machine: Machine,
) -> None:
    assert machine.place.install(Path()) == ""
    found = beyond_of(machine.place.spec, "binary32")
    assert (formula(found.gradient), formula(found.slopes)) == ("o - t", "o T - t")
    assert not found.agrees


def test_a_finding_in_javascript_has_the_text_of_its_comment_and_what_node_prints(
    machine: Machine, tmp_path: Path
) -> None:
    machine.offer("node", 'if [ "$1" = --version ]; then echo v20.1.0; else echo "0.5 from $1"; fi')
    assert machine.place.install(Path()) == ""
    script = tmp_path / "fastmath" / "half.mjs"
    script.parent.mkdir()
    script.write_text("// It is a half.\n//\n// Expected: 1.\n// Got: 0.5.\n\nprint(0.5);\n")
    found = finding_of(script, scipy())
    assert (found.title, found.text) == ("It is a half", "Expected: 1.\nGot: 0.5.")
    assert (found.language, found.runtime) == ("javascript", "Node.js 20.1.0")
    assert (found.code, found.output) == ("print(0.5);", f"0.5 from {machine.home}/half.mjs")


def test_each_library_has_one_place() -> None:
    assert not set(programs()) & set(LIBRARIES)
    assert isinstance(place_of("scipy", Path()), Environment)
    assert isinstance(place_of("tensorflow-js", Path()), Program)


ECHO = """
    export const Reduction = { NONE: "none", SUM: "sum", MEAN: "mean" };
    export const setBackend = () => {};
    export const tidy = (call) => call();
    export const tensor = (values, shape) => ({ shape, dataSync: () => values });
    export const softmax = (z) => z;
    export const losses = {
      softmaxCrossEntropy: (t, z, weights, smoothing, reduction) =>
        tensor(new Float32Array([smoothing]), reduction === "none" ? [1] : []),
    };
"""


@pytest.fixture
def tensorflow_js(tmp_path: Path) -> str:
    """Return the SPEC of the program of TensorFlow.js, beside a package that echoes."""
    if shutil.which("node") is None:
        pytest.skip("there is no node here")
    package = tmp_path / "node_modules" / "@tensorflow" / "tfjs"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"type": "module", "main": "echo.js"}')
    (package / "echo.js").write_text(dedent(ECHO))
    shutil.copy(PROGRAMS / "tensorflow-js" / "program.mjs", tmp_path)
    return f"command:node {tmp_path / 'program.mjs'}"


def test_the_program_of_tensorflow_js_hands_over_the_arrays_and_what_comes_back(
    tensorflow_js: str,
) -> None:
    softmax = load(tensorflow_js, quantities=["softmax"]).functions["softmax"]
    row = np.array([[1, -2, -np.inf], [4, 5, 6]], np.float32)
    assert (softmax(row) == row).all()
    assert softmax(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_the_program_of_tensorflow_js_has_label_smoothing_and_reductions(
    tensorflow_js: str,
) -> None:
    claimed = {"label_smoothing": 0.25, "reduction": "mean"}
    loss = load(tensorflow_js, quantities=["loss"], loss=claimed).functions["loss"]
    row = np.array([[1, 0]], np.float32)
    assert (loss(row, row).shape, loss(row, row).item()) == ((), 0.25)


@pytest.mark.parametrize(
    ("quantity", "dtype", "options", "missing"),
    [
        ("loss", "float64", {}, "the format binary64"),
        ("loss", "float16", {}, "the format binary16"),
        ("loss", "float32", {"targets": "index"}, "labels that are indices"),
        ("loss", "float32", {"loss": {"z_loss": 1e-4}}, "z_loss"),
        ("dE/do", "float32", {}, "the quantity dE/do"),
    ],
)
def test_the_program_of_tensorflow_js_declines_each_time_what_the_library_has_not(
    tensorflow_js: str, quantity: QuantityName, dtype: str, options: dict[str, Any], missing: str
) -> None:
    function = load(tensorflow_js, quantities=[quantity], **options).functions[quantity]
    row = np.array([[1, 0]], dtype)
    for _ in range(2):
        with pytest.raises(NotImplementedError, match=f"TensorFlow.js has not {missing}"):
            function(row, row)
