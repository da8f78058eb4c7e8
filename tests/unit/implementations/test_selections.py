"""Selecting what an implementation claims: quantities, formats, a loss and a domain."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from subjects import right

from gradcert_implementations import (
    Domain,
    Implementation,
    Loss,
    Options,
    OptionValues,
    SpecError,
    as_implementation,
    load,
    reloading,
    select,
)
from gradcert_implementations.flawed import diagonal_only, targets_assumed_to_sum_to_one


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"quantities": ["loss"]}, "does not claim the quantity 'loss'; it claims dE/dz"),
        ({"formats": ["half"]}, "does not claim the format 'binary16'; it claims binary64"),
        ({"device": "cpu"}, "takes no device, as an Implementation has its own: leave it out"),
    ],
    ids=str,
)
def test_a_selection_beyond_the_claims_is_refused(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        select(diagonal_only.implementation, Options(**chosen))


def test_a_selection_keeps_the_kind_of_the_implementation_and_all_else_it_declares() -> None:
    flaw = targets_assumed_to_sum_to_one.implementation
    selected = select(flaw, Options(formats=["fp32"], targets="index"))
    assert type(selected) is type(flaw)
    assert (selected.formats, selected.domain.targets) == (("binary32",), "index")
    assert (selected.formula, selected.loss) == (flaw.formula, flaw.loss)


IGNORING = Loss(ignore_index=-100), Domain(targets="index")
OF_THREE_CLASSES = Loss(class_weights=[1, 2, 3]), Domain()


@pytest.mark.parametrize(
    ("declared", "chosen", "expected"),
    [
        (
            (Loss(), Domain()),
            {
                "loss": {"ignore_index": -100},
                "domain": {"targets": "index", "ignored_rows_may_hold_anything": True},
            },
            (
                Loss(ignore_index=-100),
                Domain(targets="index", ignored_rows_may_hold_anything=True),
            ),
        ),
        (
            IGNORING,
            {"loss": {"ignore_index": None}, "targets": "probability"},
            (Loss(), Domain()),
        ),
        (
            OF_THREE_CLASSES,
            {"loss": {"class_weights": None}, "domain": {"classes": 7}},
            (Loss(), Domain(classes=7)),
        ),
    ],
    ids=["ignored rows", "nothing ignored", "other classes"],
)
def test_a_loss_and_a_domain_that_go_together_are_chosen_together(
    declared: tuple[Loss, Domain], chosen: OptionValues, expected: tuple[Loss, Domain]
) -> None:
    loss, domain = declared
    mine = Implementation(name="mine", functions={"dE/dz": right}, loss=loss, domain=domain)
    flaw = replace(diagonal_only.implementation, loss=loss, domain=domain)
    for subject in (mine, flaw):
        selected = select(subject, Options(**chosen))
        assert (selected.loss, selected.domain) == expected


CAPPED = """
from gradcert_implementations import Domain, Implementation, Loss

def functions_for(loss):
    return {"dE/dz": lambda z, t: z if loss.softcap is None else -z}

capped = Implementation(
    name="capped",
    functions=functions_for(Loss(softcap=30)),
    functions_for=functions_for,
    formats=("fp64",),
    loss=Loss(softcap=30, ignore_index=-100),
    domain=Domain(targets="index", ignored_rows_may_hold_anything=True),
)
"""


def test_a_declared_option_that_was_taken_back_is_taken_back_where_it_is_loaded_again(
    tmp_path: Path,
) -> None:
    file = tmp_path / "capped.py"
    file.write_text(CAPPED)
    plain = load(f"{file}:capped", loss=["softcap=none"])
    again = load(f"{file}:capped", **reloading(plain))
    assert again.loss == plain.loss == Loss(ignore_index=-100)
    assert again.functions["dE/dz"](np.ones(1), np.ones(1)).tolist() == [1]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"quantities": ["loss", "dE/dz"]}, "one quantity, not loss, dE/dz; for several, write an"),
        ({"device": "cuda"}, "right takes no device; a loss does: from_torch or from_jax"),
    ],
    ids=str,
)
def test_options_that_do_not_suit_a_plain_function_are_refused(
    chosen: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        as_implementation(right, Options(**chosen))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantities": ["dE/Dz"]}, "unknown quantity"),
        ({"formats": ["fp33"]}, "unknown format"),
        ({"targets": "indices"}, "unknown target domain"),
        ({"device": "cuda"}, "takes no device; a loss does: torch:... or jax:..."),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_right_is_refused_before_anything_is_imported(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    kernel = tmp_path / "kernel.py"
    kernel.write_text("raise RuntimeError('imported')\n")
    with pytest.raises(SpecError, match="imported"):
        load(f"{kernel}:gradient")
    for spec in (f"{kernel}:gradient", f"numpy:{kernel}:gradient"):
        with pytest.raises(SpecError) as caught:
            load(spec, **options)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
