"""The options of ``gradcert certify``: names that users type, and how ``--help`` shows them."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gradcert.cli.options import takes_options
from gradcert.core.settings import Effort, SearchSettings
from gradcert_implementations import (
    FORMAT_ALIASES,
    FORMAT_NAMES,
    LEVEL_NAMES,
    QUANTITY_NAMES,
    TARGET_DOMAINS,
    Implementation,
    Options,
    SpecError,
)
from gradcert_reports import read

Run = Callable[..., "subprocess.CompletedProcess[str]"]

COMMANDS = ("certify", "claims", "plan", "list", "explain", "render", "diff", "merge")


@pytest.fixture
def chosen(gradcert: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Options]:
    """Return a function that calls ``gradcert certify`` and returns the options it understood."""
    found: list[Options] = []

    def stop(_: object, options: Options, **__: object) -> None:
        found.append(options)
        raise SpecError("the options are known")

    def call(*arguments: str) -> Options:
        monkeypatch.setattr("gradcert.api.select_subjects", stop)
        done = gradcert("certify", *arguments)
        assert (done.returncode, done.stderr) == (2, "gradcert: the options are known\n")
        return found.pop()

    return call


@pytest.mark.parametrize(("alias", "name"), FORMAT_ALIASES.items())
def test_a_format_has_its_other_names_on_the_command_line(
    chosen: Callable[..., Options], alias: str, name: str
) -> None:
    assert chosen("numpy", "--format", alias).formats == (name,)


def test_a_certificate_has_the_ieee_name_of_a_format_that_was_given_by_another(
    gradcert: Run, tmp_path: Path
) -> None:
    quick = ("--quantity", "dE/dz", "--max-examples", "3", "--jobs", "1", "--quick")
    done = gradcert("certify", "numpy", "--format", "fp32", *quick, "--report", "out")
    assert done.returncode == 0
    (certificate,) = read(tmp_path / "out" / "certificate.json").certificates
    assert certificate.formats == ("binary32",)
    assert {result.format for result in certificate.results} == {"binary32"}


def test_a_repeated_option_adds_to_a_list_and_each_value_counts_once(
    chosen: Callable[..., Options],
) -> None:
    formats = ("--format", "bf16", "--format", "single", "--format", "fp32")
    quantities = ("--quantity", "loss", "--quantity", "dE/dz")
    assert chosen("numpy", *formats, *quantities, "--targets", "any") == Options(
        formats=("bfloat16", "binary32"), quantities=("loss", "dE/dz"), targets="any"
    )


def test_an_option_that_is_not_given_keeps_its_default(chosen: Callable[..., Options]) -> None:
    assert chosen("numpy") == Options()


@pytest.mark.parametrize(
    ("option", "given", "nearest"),
    [
        ("--format", "binary3", "binary32"),
        ("--format", "FP32", "fp32"),
        ("--format", "flaot16", "float16"),
        ("--format", "bfloat", "bfloat16"),
        ("--quantity", "softmx", "softmax"),
        ("--quantity", "DE/DZ", "dE/dz"),
        ("--targets", "indices", "index"),
        ("--at-least", "shfted", "shifted"),
        ("--at-least", "logsumexp", "log-sum-exp"),
    ],
)
def test_a_near_miss_is_one_line_with_the_name_that_was_meant(
    gradcert: Run, option: str, given: str, nearest: str
) -> None:
    done = gradcert("certify", "numpy", option, given)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"{given!r}; did you mean {nearest}? choose from " in line


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("--format", FORMAT_NAMES),
        ("--quantity", QUANTITY_NAMES),
        ("--targets", TARGET_DOMAINS),
        ("--at-least", LEVEL_NAMES),
    ],
)
@pytest.mark.parametrize("given", ["zebra", ""])
def test_a_name_near_no_other_is_one_line_with_all_choices_and_no_guess(
    gradcert: Run, option: str, names: tuple[str, ...], given: str
) -> None:
    done = gradcert("certify", "numpy", option, given)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"{given!r}; choose from {', '.join(names)}")
    assert "did you mean" not in line


@pytest.mark.parametrize("given", ["0", "-5", "inf", "nan", "ten", ""])
def test_a_largest_logit_that_is_no_positive_finite_number_is_one_line(
    gradcert: Run, given: str
) -> None:
    done = gradcert("certify", "numpy", "--largest-logit", given)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradcert: largest_logit is ")
    assert line.endswith("; expected a positive finite number, such as 1e4")


def test_a_level_that_is_worse_than_the_demanded_one_ends_with_status_1_and_is_recorded(
    gradcert: Run, tmp_path: Path
) -> None:
    few = ("--format", "fp64", "--max-examples", "20", "--largest-logit", "50", "--jobs", "1")
    quick = (*few, "--quick")
    done = gradcert("certify", "log-sum-exp", "--at-least", "shifted", *quick, "--report", "out")
    assert done.returncode == 1
    assert "is explained by log-s" in done.stdout
    assert " at best; at least shifted is demanded" in done.stdout
    (certificate,) = read(tmp_path / "out" / "certificate.json").certificates
    assert (certificate.at_least, certificate.domain["largest_logit"]) == ("shifted", 50.0)
    for page in ("index.html", "report.md"):
        assert "At least shifted is demanded." in (tmp_path / "out" / page).read_text()
    done = gradcert("certify", "log-sum-exp", "--at-least", "log-sum-exp", *quick)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("flags", "effort"), [((), "standard"), (("--quick",), "quick"), (("--thorough",), "thorough")]
)
@pytest.mark.parametrize("command", ["certify", "claims"])
def test_a_flag_chooses_the_effort(
    gradcert: Run,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    flags: tuple[str, ...],
    effort: str,
) -> None:
    found: list[SearchSettings] = []

    def stop(settings: Mapping[Implementation, SearchSettings], **_: object) -> None:
        found.extend({*settings.values()})
        raise typer.Exit(0)

    monkeypatch.setattr(f"gradcert.cli.{command}.certified", stop)
    few = ("numpy", "--format", "fp64") if command == "certify" else ()
    assert gradcert(command, *few, *flags).returncode == 0
    assert found == [SearchSettings(max_examples=100, seed=0, effort=Effort.named(effort))]


def test_the_effort_reaches_the_report_also_from_a_process_of_its_own(
    gradcert: Run, tmp_path: Path
) -> None:
    few = ("--quantity", "dE/dz", "--format", "fp64", "--max-examples", "2", "--quick")
    done = gradcert("certify", "numpy", *few, "--isolate", "--report", "out")
    assert done.returncode == 0
    (certificate,) = read(tmp_path / "out" / "certificate.json").certificates
    assert certificate.provenance.effort == "quick"
    assert "quick effort" in (tmp_path / "out" / "report.md").read_text()


def test_an_empty_device_is_an_error_and_not_the_default(gradcert: Run) -> None:
    done = gradcert("certify", "numpy", "--device", "")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gradcert: the device is ''; expected its name")


def _help(gradcert: Run, *command: str) -> str:
    done = gradcert(*command, "--help")
    assert done.returncode == 0
    return done.stdout


@pytest.mark.parametrize("option", fields(Options), ids=lambda option: option.name)
def test_each_option_of_a_run_stands_in_the_help_with_its_text(
    gradcert: Run, option: "Field[object]"
) -> None:
    about = option.metadata
    text = f" --{about['option']} {about['metavar']} {about['help']} "
    # A line may end within a name such as log-softmax-backward, after a hyphen.
    assert "".join(text.split()) in "".join(_help(gradcert, "certify").split())


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_the_help_fits_80_columns_and_cuts_no_sentence(
    gradcert: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = _help(gradcert, *command)
    assert max(map(len, shown.splitlines())) <= 80
    assert not [line for line in shown.splitlines() if line.endswith("...") and "Usage" not in line]


def test_the_usage_shows_spec_once_and_with_one_pair_of_brackets_at_most(gradcert: Run) -> None:
    usage = _help(gradcert, "certify").splitlines()[0]
    words = usage.split()
    assert words[:-1] == ["Usage:", "gradcert", "certify", "[OPTIONS]"]
    assert words[-1] in {"[SPEC]...", "[SPEC]", "SPEC"}  # The version of Typer decides.


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_names_no_type_of_an_option(gradcert: Run, command: str) -> None:
    options = _help(gradcert, command).partition("\nOptions:\n")[2]
    assert "--help" in options
    assert "<" not in options


def test_a_field_that_is_added_to_the_options_is_an_option_of_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @dataclass(frozen=True, kw_only=True)
    class More(Options):
        smoothing: str | None = field(
            default=None,
            metadata={"option": "smoothing", "metavar": "E", "help": "The label smoothing."},
        )

    monkeypatch.setattr("gradcert.cli.options.Options", More)
    got = []
    app = typer.Typer(rich_markup_mode=None, add_completion=False)

    @app.command()
    @takes_options
    def command(name: str, options: Options, loud: bool = False) -> None:
        got.append((name, options, loud))

    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert " --smoothing E " in shown
    done = CliRunner().invoke(app, ["mine", "--loud", "--format", "half", "--smoothing", "0.1"])
    assert done.exception is None
    assert got == [("mine", More(formats=("binary16",), smoothing="0.1"), True)]
