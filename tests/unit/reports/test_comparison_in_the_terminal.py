"""The terminal says what changed between two reports, and what they cannot tell."""

from collections.abc import Sequence

import msgspec
from compared_reports import made_certificate, made_report, made_result, quick, report_of, reports
from hypothesis import given

from gradcert_reports import Certificate, Report, Verdict, compare, differences


def _shown(old: Report, new: Report) -> list[str]:
    return differences(compare(old, new)).plain.splitlines()


def test_the_terminal_shows_what_is_worse_first_and_joins_checks_with_the_same_change() -> None:
    def mine(quantities: Sequence[str], verdict: Verdict) -> Certificate:
        return made_certificate(
            *(
                made_result(quantity=quantity, format=format, verdict=verdict)
                for quantity in quantities
                for format in ("binary64", "binary32")
            )
        )

    old = made_report(
        mine(["loss", "dE/dz"], Verdict.CONFORMS),
        made_certificate(made_result(rank=3), name="theirs"),
        made_certificate(name="lost"),
    )
    new = made_report(
        mine(["loss", "dE/dz", "softmax"], Verdict.REFUTED),
        made_certificate(made_result(rank=2), name="theirs"),
        made_certificate(name="found"),
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
    assert _shown(report_of(made_result()), report_of(made_result())) == [
        "nothing got better or worse"
    ]


def test_the_terminal_says_when_another_search_may_have_changed_a_level() -> None:
    old, new = (
        made_report(
            made_certificate(made_result(), seed=seed, max_examples=max_examples),
            made_certificate(made_result(), name="theirs", seed=seed),
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
        made_report(made_certificate(made_result(), effort=effort))
        for effort in ("standard", "quick", None)
    )
    assert _shown(old, new) == [
        "nothing got better or worse",
        "effort standard -> quick for mine: a level may differ by chance",
    ]
    assert _shown(none, new)[1].startswith("effort not given -> quick for mine")


def test_another_loss_or_domain_is_another_claim_whatever_its_options_are() -> None:
    old = made_report(made_certificate(loss={"output": "softmax"}), made_certificate(name="theirs"))
    smooth = {"output": "softmax", "label_smoothing": 0.1}
    new = made_report(
        made_certificate(loss=smooth, domain={"targets": "any"}),
        made_certificate(name="theirs", loss=smooth),
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
        made_report(msgspec.structs.replace(made_certificate(), at_least=level))
        for level in (None, "wide")
    )
    assert _shown(old, new) == [
        "nothing got better or worse",
        "at least any level -> wide for mine: the claims differ",
    ]
    assert compare(new, new).claims == ()


def test_an_option_that_is_not_given_is_no_other_claim() -> None:
    old, new = (made_report(made_certificate(loss=loss)) for loss in ({}, {"softcap": None}))
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
