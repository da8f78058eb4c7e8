"""``gradcert render``, ``diff`` and ``merge`` as their users meet them, on reports on disk."""

from pathlib import Path

import pytest
from command_line import Run
from hypothesis import given, settings
from hypothesis import strategies as st
from kept_reports import LINE, OLD, REPORT, RIGHT, WRONG, kept
from msgspec.structs import replace

from gradcert_reports import (
    Certificate,
    Report,
    merge,
    read,
)

PAGES = ("index.html", "report.md", "junit.xml", "badge.svg", "certificate.json")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("given", ["one/certificate.json", "one"])
def test_render_writes_every_page_beside_the_file_and_the_same_bytes_each_time(
    gradcert: Run, tmp_path: Path, given: str
) -> None:
    kept(tmp_path / "one", *REPORT.certificates, ledger=REPORT.ledger)
    assert gradcert("render", given).returncode == 0
    first = _bytes(tmp_path / "one")
    assert sorted(first) == sorted(PAGES)
    done = gradcert("render", given, "--report", "two")
    assert (done.returncode, done.stdout) == (0, "")
    assert [line.split("/")[-1] for line in done.stderr.splitlines()] == [*PAGES]
    assert _bytes(tmp_path / "two") == first
    assert read(tmp_path / "two" / "certificate.json") == REPORT


def test_render_does_not_replace_another_report_that_lies_beside_the_file(
    gradcert: Run, tmp_path: Path
) -> None:
    path = kept(tmp_path, WRONG)
    path.rename(tmp_path / "old.json")
    kept(tmp_path, RIGHT)
    before = _bytes(tmp_path)
    done = gradcert("render", "old.json")
    assert done.returncode == 2
    assert "old.json beside it would replace certificate.json" in done.stderr
    assert _bytes(tmp_path) == before


def _on(certificate: Certificate, rank: int, algorithm: str) -> Certificate:
    """Return a certificate whose worst accuracy was explained by another algorithm."""
    (judged,) = (result for result in certificate.results if result.check == "accuracy")
    assert judged.worst is not None
    worse = replace(judged, worst=replace(judged.worst, rank=rank, algorithm=algorithm))
    results = tuple(worse if result == judged else result for result in certificate.results)
    return replace(certificate, results=results, worst=worse)


def test_diff_of_a_report_with_itself_succeeds_and_says_so(gradcert: Run, tmp_path: Path) -> None:
    kept(tmp_path, RIGHT, WRONG)
    done = gradcert("diff", ".", "certificate.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "nothing got better or worse\n"


def test_diff_fails_on_a_regression_and_names_it(gradcert: Run, tmp_path: Path) -> None:
    kept(tmp_path / "old", RIGHT)
    kept(tmp_path / "new", _on(RIGHT, 9, "log-sum-exp"))
    done = gradcert("diff", "old", "new")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("worse\n  numpy: ")
    assert " -> log-sum-exp\n    accuracy of dE/dz in binary64: " in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "status", "shown"),
    [
        ([WRONG], [replace(RIGHT, name=WRONG.name)], 0, "better\n  mine: refuted -> con"),
        ([replace(RIGHT, name=WRONG.name)], [WRONG], 1, "worse\n  mine: conforms -> ref"),
        ([RIGHT], [RIGHT, WRONG], 0, "appeared\n  mine: refuted\n"),
        ([RIGHT, WRONG], [RIGHT], 1, "gone\n  mine: refuted\n"),
        ([], [], 0, "nothing got better or worse\n"),
    ],
)
def test_the_status_of_diff_is_1_for_what_is_worse_or_gone_and_0_for_what_is_better_or_new(
    gradcert: Run,
    tmp_path: Path,
    old: list[Certificate],
    new: list[Certificate],
    status: int,
    shown: str,
) -> None:
    kept(tmp_path / "old", *old)
    kept(tmp_path / "new", *new)
    done = gradcert("diff", "old", "new/certificate.json")
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.startswith(shown)


def test_merge_writes_one_report_of_all_and_the_ledger_points_where_it_did(
    gradcert: Run, tmp_path: Path
) -> None:
    kept(tmp_path / "one", RIGHT)
    kept(tmp_path / "two", *REPORT.certificates, ledger=REPORT.ledger)
    other = replace(RIGHT, provenance=replace(RIGHT.provenance, machine="another"))
    kept(tmp_path / "three", other)
    done = gradcert("merge", "three", "two/certificate.json", "one", "--report", "all/of them")
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(_bytes(tmp_path / "all" / "of them")) == sorted(PAGES)
    assert read(tmp_path / "all" / "of them" / "certificate.json") == Report(
        certificates=(other, RIGHT, WRONG), ledger=(replace(LINE, certificate=2),)
    )


def test_merge_of_one_report_is_that_report(gradcert: Run, tmp_path: Path) -> None:
    path = kept(tmp_path, *REPORT.certificates, ledger=REPORT.ledger)
    assert gradcert("merge", ".", "--report", "new").returncode == 0
    assert (tmp_path / "new" / "certificate.json").read_bytes() == path.read_bytes()


@st.composite
def small_reports(draw: st.DrawFn) -> Report:
    names = draw(st.lists(st.sampled_from("abc"), max_size=4))
    places = st.integers(0, len(names) - 1) if names else st.nothing()
    lines = st.builds(replace, st.just(LINE), claim=st.integers(1, 2), certificate=places)
    return Report(
        certificates=tuple(replace(RIGHT, name=name) for name in names),
        ledger=tuple(draw(st.lists(lines, max_size=3))) if names else (),
    )


def _claims(report: Report) -> set[tuple[int, str]]:
    return {(line.claim, report.certificates[line.certificate].name) for line in report.ledger}


@settings(max_examples=100, deadline=None, database=None)
@given(parts=st.lists(small_reports(), min_size=1, max_size=3))
def test_a_merged_report_holds_each_certificate_once_in_order_and_every_claim_of_one(
    parts: list[Report],
) -> None:
    whole = merge(parts)
    names = [certificate.name for part in parts for certificate in part.certificates]
    assert [certificate.name for certificate in whole.certificates] == list(dict.fromkeys(names))
    assert _claims(whole) == set().union(*map(_claims, parts))
    assert merge([whole]) == merge([whole, *parts]) == whole
    assert merge([merge(parts[:1]), *parts[1:]]) == whole


def test_every_command_reads_a_report_of_version_1(gradcert: Run, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_bytes(OLD.read_bytes())
    assert gradcert("render", "old.json", "--report", "new").returncode == 0
    assert read(tmp_path / "new" / "certificate.json") == read(OLD)
    done = gradcert("diff", "old.json", "new")
    assert (done.returncode, done.stdout) == (0, "nothing got better or worse\n")
    assert gradcert("merge", "old.json", "new", "--report", "both").returncode == 0
    assert read(tmp_path / "both" / "certificate.json") == read(OLD)
