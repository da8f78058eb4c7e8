"""Reports of version 1 are read as reports of today."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradcert_reports import Regime, Report, compare, html, markdown, merge, read
from gradcert_reports.model.encoding import decode

GOLDEN = Path(__file__).with_name("golden")
OLD = (GOLDEN / "version-1.json").read_bytes()


def test_a_report_of_version_1_is_the_same_report_in_version_2() -> None:
    old, new = read(GOLDEN / "version-1.json"), read(GOLDEN / "version-1-upgraded.json")
    assert json.loads(OLD)["schema"] == "gradcert-report/1"
    assert old.schema == "gradcert-report/2"
    assert old == new
    assert (html(old), markdown(old)) == (html(new), markdown(new))
    assert compare(old, new).changes == ()
    assert merge([old, new]) == new


def test_what_was_renamed_has_its_old_value() -> None:
    before = json.loads(OLD)["certificates"]
    for old, new in zip(before, read(GOLDEN / "version-1.json").certificates, strict=True):
        assert new.loss == {}
        assert new.domain == {"targets": old["targets"], "largest_logit": old["decides_to"]}
        for was, now in zip(old["results"], new.results, strict=True):
            assert [sample[2] for sample in was["samples"]] == [one.rank for one in now.samples]
            assert [sample[4] for sample in was["samples"]] == [
                str(one.regime) for one in now.samples
            ]
            assert (was["reach"] or {}).get("held_to") == (now.reach and now.reach.reached)
            if now.discrepancy:
                found = json.loads(msgspec.json.encode(now.discrepancy.arguments))
                assert found == {
                    was["discrepancy"]["argument"]: was["discrepancy"]["first"],
                    "targets": was["discrepancy"]["targets"],
                }


def _with_regime(joined: str) -> Regime:
    """Return how a regime of version 1 is read."""
    changed = OLD.replace(b'"benign, one-hot"', json.dumps(joined).encode())
    assert changed != OLD
    found = decode(changed).certificates[1].refutations[0].discrepancy
    assert found is not None
    return found.regimes[0]


@pytest.mark.parametrize(
    ("joined", "regime"),
    [
        ("ties, one-hot", Regime(shape="ties", targets="one-hot")),
        (
            "near one, offset, masked, unnormalised",
            Regime(shape="near one", changes=("offset", "masked"), targets="unnormalised"),
        ),
        ("spread, masked", Regime(shape="spread", changes=("masked",))),
        ("|z| = 1e+05", Regime(shape="|z| = 1e+05")),
        ("a row, of something else", Regime(shape="a row, of something else")),
    ],
)
def test_a_regime_is_split_into_its_parts(joined: str, regime: Regime) -> None:
    assert _with_regime(joined) == regime


@settings(max_examples=20, deadline=None, database=None)
@given(parts=st.lists(st.sampled_from(["ties", "offset", "masked", "soft", "", "x"]), min_size=1))
@example([""])
@example(["", "offset"])
def test_a_regime_reads_as_before_whatever_it_was(parts: list[str]) -> None:
    assert str(_with_regime(", ".join(parts))) == ", ".join(parts)


def test_a_quantity_that_takes_no_targets_has_no_such_argument() -> None:
    changed = re.sub(rb'"targets":\[\[[^]]*\]\]', b'"targets":[]', OLD)
    found = decode(changed).certificates[1].refutations[0].discrepancy
    assert found is not None
    assert list(found.arguments) == ["logits"]


def _edited(*keys: str | int, value: Any) -> bytes:
    data = json.loads(OLD)
    place = data
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("level", "summation", "algorithm"),
    [
        ("shifted", "sequential", "shifted, sequential sum"),
        ("shifted", "pairwise", "shifted"),
        ("", "", ""),
    ],
)
def test_a_level_and_an_order_of_summation_become_one_algorithm(
    level: str, summation: str, algorithm: str
) -> None:
    sample = [level, summation, 2, 0.5, "ties", 2, 1.0]
    report = decode(_edited("certificates", 0, "results", 2, "samples", value=[sample]))
    (found,) = report.certificates[0].results[2].samples
    assert found.algorithm == algorithm


@pytest.mark.parametrize(
    ("keys", "value", "where"),
    [
        (("certificates", 0, "verdict"), "fine", r"`\$\.certificates\[0\]\.verdict`"),
        (("certificates", 1, "decides_to"), None, r"`\$\.certificates\[1\]\.decides_to`"),
        (("certificates", 0, "loss"), {}, r"unknown field `loss`"),
        (("certificates", 1, "planned"), 1, "has 8 results, of 1 planned"),
    ],
)
def test_a_file_that_does_not_follow_version_1_is_refused_saying_where(
    keys: tuple[str | int, ...], value: Any, where: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=where):
        decode(_edited(*keys, value=value))


def test_a_later_version_is_refused_with_the_versions_that_are_read() -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        decode(b'{"schema": "gradcert-report/3", "anything": 1}')
    for version in (1, 2, 3):
        assert f"'gradcert-report/{version}'" in str(refused.value)


def test_a_report_without_certificates_is_read_too() -> None:
    assert decode(b'{"schema": "gradcert-report/1", "certificates": []}') == Report(certificates=())
