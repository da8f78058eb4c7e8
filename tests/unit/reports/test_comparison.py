"""Two reports compared: what got better or worse, appeared and is gone, and nothing by chance."""

import pytest
from compared_reports import (
    BEST_FIRST,
    MIRRORED,
    certificates,
    made_certificate,
    made_report,
    made_result,
    quick,
    report_of,
    reports,
)
from hypothesis import given
from msgspec.structs import replace

from gradcert_reports import (
    Certificate,
    Change,
    CheckResult,
    Comparison,
    Direction,
    Report,
    Verdict,
    compare,
)


def _directions(comparison: Comparison) -> list[Direction]:
    return [change.direction for change in comparison.changes]


@quick
@given(report=reports)
def test_a_report_compared_with_itself_has_changed_in_nothing(report: Report) -> None:
    assert compare(report, report) == Comparison(changes=(), settings=())


@quick
@given(one=reports, other=reports)
def test_the_other_way_round_better_is_worse_and_appeared_is_gone(
    one: Report, other: Report
) -> None:
    there, back = compare(one, other), compare(other, one)

    def mirrored(change: Change) -> Change:
        return replace(
            change,
            direction=MIRRORED[change.direction],
            before=change.after,
            after=change.before,
        )

    assert sorted(map(repr, map(mirrored, there.changes))) == sorted(map(repr, back.changes))
    for kind in ("settings", "claims"):
        turned = [
            replace(setting, before=setting.after, after=setting.before)
            for setting in getattr(there, kind)
        ]
        assert sorted(map(repr, turned)) == sorted(map(repr, getattr(back, kind)))


def _by_key(certificate: Certificate) -> dict[tuple[str, str, str], list[CheckResult]]:
    found: dict[tuple[str, str, str], list[CheckResult]] = {}
    for result in certificate.results:
        found.setdefault((result.check, result.quantity, result.format), []).append(result)
    return found


@quick
@given(old=certificates(), new=certificates())
def test_without_a_regression_all_that_was_is_there_and_no_worse(
    old: Certificate, new: Certificate
) -> None:
    regressed = bool(compare(made_report(old), made_report(new)).regressions)
    was, now = _by_key(old), _by_key(new)
    kept = old.name == new.name and all(len(now.get(key, [])) >= len(was[key]) for key in was)
    worse = kept and (
        BEST_FIRST.index(new.verdict) > BEST_FIRST.index(old.verdict)
        or any(
            BEST_FIRST.index(after.verdict) > BEST_FIRST.index(before.verdict)
            or (
                before.verdict == after.verdict == Verdict.CONFORMS
                and before.worst is not None
                and after.worst is not None
                and after.worst.rank > before.worst.rank
            )
            for key in was
            for before, after in zip(was[key], now[key], strict=False)
        )
    )
    assert regressed == (not kept or worse)


@pytest.mark.parametrize("place", range(len(BEST_FIRST)))
def test_verdicts_are_ordered_from_conforms_to_refuted(place: int) -> None:
    worse = BEST_FIRST[place + 1 :]
    for verdict in worse:
        found = compare(
            report_of(made_result(verdict=BEST_FIRST[place])),
            report_of(made_result(verdict=verdict)),
        )
        assert [
            (change.direction, change.check, change.before, change.after)
            for change in found.changes
        ] == [
            ("worse", "", BEST_FIRST[place], verdict),
            ("worse", "accuracy", BEST_FIRST[place], verdict),
        ]
        assert found.regressions == found.changes


def test_a_worse_level_is_a_regression_of_the_check_and_of_the_implementation() -> None:
    found = compare(report_of(made_result(rank=2)), report_of(made_result(rank=3)))
    assert [(change.check, change.before, change.after) for change in found.regressions] == [
        ("", "shifted", "log-softmax"),
        ("accuracy", "shifted", "log-softmax"),
    ]


def test_a_worse_level_of_one_check_is_a_regression_though_another_was_as_bad_before() -> None:
    loss = made_result(quantity="loss", rank=3)
    found = compare(report_of(loss, made_result(rank=0)), report_of(loss, made_result(rank=2)))
    assert [(change.quantity, change.direction) for change in found.changes] == [("dE/dz", "worse")]


def test_the_level_of_an_implementation_is_its_lowest_and_not_that_of_most_budgets() -> None:
    tight = made_result(quantity="loss", rank=0, budgets=1.9)
    old, new = (report_of(tight, made_result(rank=rank, budgets=0.1)) for rank in (3, 2))
    assert [
        (change.check, change.before, change.after) for change in compare(old, new).changes
    ] == [
        ("", "log-softmax", "shifted"),
        ("accuracy", "log-softmax", "shifted"),
    ]


def test_a_check_without_a_level_on_one_side_changes_no_level() -> None:
    old, new = (
        report_of(made_result(quantity="loss"), made_result(rank=rank)) for rank in (3, None)
    )
    assert compare(old, new).changes == compare(new, old).changes == ()


def test_more_budgets_on_the_same_level_are_no_change_because_a_search_saw_them() -> None:
    old, new = (report_of(made_result(rank=2, budgets=budgets)) for budgets in (0.1, 1.9))
    assert compare(old, new).changes == ()


def test_the_level_of_a_refuted_check_does_not_count_because_its_search_ended_early() -> None:
    old, new = (report_of(made_result(verdict=Verdict.REFUTED, rank=rank)) for rank in (0, 3))
    assert compare(old, new).changes == ()


@pytest.mark.parametrize("verdict", BEST_FIRST)
def test_a_certificate_or_check_that_is_gone_is_a_regression_whatever_its_verdict(
    verdict: Verdict,
) -> None:
    gone, kept = made_result(verdict=verdict), made_result("many-classes", verdict=verdict)
    for old, new in ((report_of(gone, kept), report_of(kept)), (report_of(gone), made_report())):
        assert _directions(compare(old, new)) == ["gone"]
        assert compare(old, new).regressions


def test_what_appeared_and_conforms_is_no_regression_even_on_a_lower_level() -> None:
    old = report_of(made_result(rank=0))
    more = made_certificate(made_result(rank=0), made_result(format="bfloat16", rank=3))
    found = compare(old, made_report(more, made_certificate(made_result(rank=3), name="theirs")))
    assert [(change.implementation, change.format) for change in found.changes] == [
        ("mine", "bfloat16"),
        ("theirs", ""),
    ]
    assert set(_directions(found)) == {"appeared"}
    assert found.regressions == ()


@pytest.mark.parametrize("verdict", BEST_FIRST[1:])
def test_a_check_that_appeared_and_does_not_conform_makes_its_implementation_worse(
    verdict: Verdict,
) -> None:
    found = compare(
        report_of(made_result()),
        report_of(made_result(), made_result("many-classes", verdict=verdict)),
    )
    assert [(change.direction, change.check) for change in found.changes] == [
        ("worse", ""),
        ("appeared", "many-classes"),
    ]


def test_an_implementation_that_appeared_refuted_is_no_regression() -> None:
    new = made_certificate(made_result(verdict=Verdict.REFUTED), name="theirs")
    assert compare(made_report(), made_report(new)).regressions == ()


def test_implementations_of_one_name_are_paired_by_their_place() -> None:
    right, wrong = (
        made_certificate(made_result()),
        made_certificate(made_result(verdict=Verdict.REFUTED)),
    )
    found = compare(made_report(right, wrong), made_report(right, right))
    assert {change.implementation for change in found.changes} == {"mine (2)"}
    assert set(_directions(found)) == {"better"}


def test_implementations_of_one_name_are_paired_by_what_they_compute_before_their_place() -> None:
    of = {quantity: made_certificate(made_result(quantity=quantity)) for quantity in ("a", "b")}
    one, other = (replace(made, quantities=(quantity,)) for quantity, made in of.items())
    assert compare(made_report(one, other), made_report(other, one)).changes == ()
    found = compare(made_report(one, other), made_report(other))
    assert [(c.implementation, c.direction) for c in found.changes] == [("mine", "gone")]
    moved = compare(made_report(one), made_report(replace(one, origin="elsewhere.py:f")))
    assert moved.changes == ()


def test_another_order_of_implementations_of_different_names_is_no_change() -> None:
    one, other = (
        made_certificate(made_result()),
        made_certificate(made_result(rank=3), name="theirs"),
    )
    assert compare(made_report(one, other), made_report(other, one)).changes == ()
