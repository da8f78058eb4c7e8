"""Two reports compared: what got better or worse, appeared and is gone, and nothing by chance."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradcert_reports import (
    Certificate,
    Change,
    CheckResult,
    Comparison,
    Direction,
    Option,
    Provenance,
    Regime,
    Report,
    Sample,
    Verdict,
    compare,
    differences,
)

BEST_FIRST = (
    Verdict.CONFORMS,
    Verdict.NOT_SUPPORTED,
    Verdict.INCOMPLETE,
    Verdict.BROKEN,
    Verdict.REFUTED,
)
LEVELS = ("faithful", "wide", "shifted", "log-softmax")
MIRRORED: dict[Direction, Direction] = {
    "worse": "better",
    "better": "worse",
    "gone": "appeared",
    "appeared": "gone",
}


def _result(
    check: str = "accuracy",
    quantity: str = "dE/dz",
    format: str = "binary64",
    *,
    verdict: Verdict = Verdict.CONFORMS,
    rank: int | None = 0,
    budgets: float = 0.5,
) -> CheckResult:
    worst = None
    if rank is not None:
        worst = Sample(
            algorithm=LEVELS[rank],
            rank=rank,
            budgets=budgets,
            regime=Regime(shape="ties"),
            classes=2,
            largest_logit=1.0,
        )
    return CheckResult(
        check=check, quantity=quantity, format=format, verdict=verdict, examples=4, worst=worst
    )


def _certificate(
    *results: CheckResult,
    name: str = "mine",
    seed: int = 0,
    max_examples: int = 40,
    effort: str | None = None,
    loss: dict[str, Option] | None = None,
    domain: dict[str, Option] | None = None,
) -> Certificate:
    found = (result.verdict for result in results)
    verdict = max(found, key=BEST_FIRST.index, default=BEST_FIRST[0])
    conforms = verdict == Verdict.CONFORMS
    judged = [result for result in results if result.worst] if conforms else []
    return Certificate(
        name=name,
        origin=name,
        summary="",
        quantities=(),
        formats=(),
        loss={"output": "softmax"} if loss is None else loss,
        domain={"targets": "probability"} if domain is None else domain,
        verdict=verdict,
        worst=max(
            judged, key=lambda result: result.worst.rank if result.worst else 0, default=None
        ),
        results=results,
        planned=len(results),
        diagnoses=(),
        provenance=Provenance(
            versions={},
            library="numpy",
            device="cpu",
            machine="",
            processor="",
            seed=seed,
            max_examples=max_examples,
            effort=effort,
            date="",
            duration=0.0,
            spent={},
        ),
    )


def _report(*certificates: Certificate) -> Report:
    return Report(certificates=certificates)


def _of(*results: CheckResult) -> Report:
    return _report(_certificate(*results))


results = st.builds(
    _result,
    check=st.sampled_from(["accuracy", "many-classes"]),
    quantity=st.sampled_from(["loss", "dE/dz"]),
    format=st.sampled_from(["binary64", "bfloat16"]),
    verdict=st.just(BEST_FIRST[0]) | st.sampled_from(BEST_FIRST),
    rank=st.none() | st.integers(0, len(LEVELS) - 1),
    budgets=st.floats(0, 2),
)


options = st.dictionaries(st.sampled_from("ab"), st.none() | st.integers(0, 1))


@st.composite
def certificates(draw: st.DrawFn) -> Certificate:
    return _certificate(
        *draw(st.lists(results, max_size=4)),
        name=draw(st.sampled_from(["mine", "theirs"])),
        seed=draw(st.integers(0, 1)),
        max_examples=draw(st.integers(40, 41)),
        loss=draw(options),
        domain=draw(options),
    )


reports = st.builds(Report, certificates=st.lists(certificates(), max_size=3).map(tuple))
quick = settings(max_examples=200, deadline=None, database=None)


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
    regressed = bool(compare(_report(old), _report(new)).regressions)
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
        found = compare(_of(_result(verdict=BEST_FIRST[place])), _of(_result(verdict=verdict)))
        assert [
            (change.direction, change.check, change.before, change.after)
            for change in found.changes
        ] == [
            ("worse", "", BEST_FIRST[place], verdict),
            ("worse", "accuracy", BEST_FIRST[place], verdict),
        ]
        assert found.regressions == found.changes


def test_a_worse_level_is_a_regression_of_the_check_and_of_the_implementation() -> None:
    found = compare(_of(_result(rank=2)), _of(_result(rank=3)))
    assert [(change.check, change.before, change.after) for change in found.regressions] == [
        ("", "shifted", "log-softmax"),
        ("accuracy", "shifted", "log-softmax"),
    ]


def test_a_worse_level_of_one_check_is_a_regression_though_another_was_as_bad_before() -> None:
    loss = _result(quantity="loss", rank=3)
    found = compare(_of(loss, _result(rank=0)), _of(loss, _result(rank=2)))
    assert [(change.quantity, change.direction) for change in found.changes] == [("dE/dz", "worse")]


def test_the_level_of_an_implementation_is_its_lowest_and_not_that_of_most_budgets() -> None:
    tight = _result(quantity="loss", rank=0, budgets=1.9)
    old, new = (_of(tight, _result(rank=rank, budgets=0.1)) for rank in (3, 2))
    assert [
        (change.check, change.before, change.after) for change in compare(old, new).changes
    ] == [
        ("", "log-softmax", "shifted"),
        ("accuracy", "log-softmax", "shifted"),
    ]


def test_a_check_without_a_level_on_one_side_changes_no_level() -> None:
    old, new = (_of(_result(quantity="loss"), _result(rank=rank)) for rank in (3, None))
    assert compare(old, new).changes == compare(new, old).changes == ()


def test_more_budgets_on_the_same_level_are_no_change_because_a_search_saw_them() -> None:
    old, new = (_of(_result(rank=2, budgets=budgets)) for budgets in (0.1, 1.9))
    assert compare(old, new).changes == ()


def test_the_level_of_a_refuted_check_does_not_count_because_its_search_ended_early() -> None:
    old, new = (_of(_result(verdict=Verdict.REFUTED, rank=rank)) for rank in (0, 3))
    assert compare(old, new).changes == ()


@pytest.mark.parametrize("verdict", BEST_FIRST)
def test_a_certificate_or_check_that_is_gone_is_a_regression_whatever_its_verdict(
    verdict: Verdict,
) -> None:
    gone, kept = _result(verdict=verdict), _result("many-classes", verdict=verdict)
    for old, new in ((_of(gone, kept), _of(kept)), (_of(gone), _report())):
        assert _directions(compare(old, new)) == ["gone"]
        assert compare(old, new).regressions


def test_what_appeared_and_conforms_is_no_regression_even_on_a_lower_level() -> None:
    old = _of(_result(rank=0))
    more = _certificate(_result(rank=0), _result(format="bfloat16", rank=3))
    found = compare(old, _report(more, _certificate(_result(rank=3), name="theirs")))
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
    found = compare(_of(_result()), _of(_result(), _result("many-classes", verdict=verdict)))
    assert [(change.direction, change.check) for change in found.changes] == [
        ("worse", ""),
        ("appeared", "many-classes"),
    ]


def test_an_implementation_that_appeared_refuted_is_no_regression() -> None:
    new = _certificate(_result(verdict=Verdict.REFUTED), name="theirs")
    assert compare(_report(), _report(new)).regressions == ()


def test_implementations_of_one_name_are_paired_by_their_place() -> None:
    right, wrong = _certificate(_result()), _certificate(_result(verdict=Verdict.REFUTED))
    found = compare(_report(right, wrong), _report(right, right))
    assert {change.implementation for change in found.changes} == {"mine (2)"}
    assert set(_directions(found)) == {"better"}


def test_another_order_of_implementations_of_different_names_is_no_change() -> None:
    one, other = _certificate(_result()), _certificate(_result(rank=3), name="theirs")
    assert compare(_report(one, other), _report(other, one)).changes == ()


def _shown(old: Report, new: Report) -> list[str]:
    return differences(compare(old, new)).plain.splitlines()


def test_the_terminal_shows_what_is_worse_first_and_joins_checks_with_the_same_change() -> None:
    def mine(quantities: Sequence[str], verdict: Verdict) -> Certificate:
        return _certificate(
            *(
                _result(quantity=quantity, format=format, verdict=verdict)
                for quantity in quantities
                for format in ("binary64", "binary32")
            )
        )

    old = _report(
        mine(["loss", "dE/dz"], Verdict.CONFORMS),
        _certificate(_result(rank=3), name="theirs"),
        _certificate(name="lost"),
    )
    new = _report(
        mine(["loss", "dE/dz", "softmax"], Verdict.REFUTED),
        _certificate(_result(rank=2), name="theirs"),
        _certificate(name="found"),
    )
    assert _shown(old, new) == [
        "worse",
        "  mine: conforms -> refuted",
        "    accuracy of loss, dE/dz in binary64, binary32: conforms -> refuted",
        "gone",
        "  lost: conforms",
        "better",
        "  theirs: log-softmax -> shifted",
        "    accuracy of dE/dz in binary64: log-softmax -> shifted",
        "appeared",
        "  mine",
        "    accuracy of softmax in binary64, binary32: refuted",
        "  found: conforms",
    ]


def test_the_terminal_says_that_nothing_changed() -> None:
    assert _shown(_of(_result()), _of(_result())) == ["nothing got better or worse"]


def test_the_terminal_says_when_another_search_may_have_changed_a_level() -> None:
    old, new = (
        _report(
            _certificate(_result(), seed=seed, max_examples=max_examples),
            _certificate(_result(), name="theirs", seed=seed),
        )
        for seed, max_examples in ((0, 40), (1, 400))
    )
    assert _shown(old, new) == [
        "nothing got better or worse",
        "seed 0 -> 1 for mine, theirs: a level may differ by chance",
        "max examples 40 -> 400 for mine: a level may differ by chance",
    ]


def test_another_effort_is_another_search() -> None:
    old, new, none = (
        _report(_certificate(_result(), effort=effort)) for effort in ("standard", "quick", None)
    )
    assert _shown(old, new) == [
        "nothing got better or worse",
        "effort standard -> quick for mine: a level may differ by chance",
    ]
    assert _shown(none, new)[1].startswith("effort not given -> quick for mine")


def test_another_loss_or_domain_is_another_claim_whatever_its_options_are() -> None:
    old = _report(_certificate(loss={"output": "softmax"}), _certificate(name="theirs"))
    smooth = {"output": "softmax", "label_smoothing": 0.1}
    new = _report(
        _certificate(loss=smooth, domain={"targets": "any"}),
        _certificate(name="theirs", loss=smooth),
    )
    found = compare(old, new)
    assert [(one.name, one.before, one.after) for one in found.claims if one.name == "targets"] == [
        ("targets", "probability", "any")
    ]
    assert found.settings == found.changes == ()
    assert _shown(old, new) == [
        "nothing got better or worse",
        "label smoothing not given -> 0.1 for mine, theirs: the claims may differ",
        "targets probability -> any for mine: the claims differ",
    ]


def test_another_level_that_is_claimed_is_another_claim() -> None:
    old, new = (
        _report(msgspec.structs.replace(_certificate(), at_least=level)) for level in (None, "wide")
    )
    assert _shown(old, new) == [
        "nothing got better or worse",
        "at least any level -> wide for mine: the claims differ",
    ]
    assert compare(new, new).claims == ()


def test_an_option_that_is_not_given_is_no_other_claim() -> None:
    old, new = (_report(_certificate(loss=loss)) for loss in ({}, {"softcap": None}))
    assert compare(old, new).claims == ()


@quick
@given(old=reports, new=reports)
def test_the_terminal_names_every_implementation_that_changed(old: Report, new: Report) -> None:
    found = compare(old, new)
    shown = differences(found).plain
    for change in found.changes:
        assert f"{change.direction}\n" in shown
        assert f"  {change.implementation}" in shown
        assert change.check in shown
        assert change.after in shown
