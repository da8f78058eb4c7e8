"""What a library does not offer is refused in one line, and refutes nothing."""

import ast
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gradcert_implementations import LIBRARIES, Loss, MeanOver, Reduction, SpecError, load
from gradcert_implementations.adapters.offered import of_labels, require_offered, require_one_of

ALL = ("label_smoothing", "class_weights", "ignore_index", "softcap", "z_loss", "reduction")


@pytest.mark.parametrize(
    ("option", "refused"),
    [
        ("label_smoothing=0.1", "label_smoothing=0.1"),
        ("class_weights=1,2", "class_weights=1.0,2.0"),
        ("ignore_index=-100", "ignore_index=-100"),
        ("logit_scale=0.5", "logit_scale=0.5"),
        ("softcap=30", "softcap=30.0"),
        ("z_loss=1e-4", "z_loss=0.0001"),
        ("reduction=sum", "reduction=sum"),
        ("multiplier=2", "multiplier=2.0"),
    ],
)
def test_a_library_refuses_an_option_that_it_does_not_offer_and_says_what_to_write(
    option: str, refused: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load("scipy", loss=[option], targets="index")
    name = option.partition("=")[0]
    said = f"{refused} is claimed, and the library offers no options; leave {name} out"
    assert str(caught.value) == f"scipy: {said}"


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_library_says_which_options_it_offers(library: str) -> None:
    found = find_spec("gradcert_implementations")
    assert found is not None
    assert found.origin is not None
    path = LIBRARIES[library].partition(".")[2].replace(".", "/")
    tree = ast.parse((Path(found.origin).parent / f"{path}.py").read_text())
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    assert "functions_for" in keywords


def test_what_a_library_offers_is_not_refused() -> None:
    require_offered(Loss(), *ALL)
    require_offered(Loss(label_smoothing=0.1, reduction="mean"), *ALL)
    require_offered(Loss(reduction="mean", nothing_kept_loss="nan"), "reduction")


def test_a_mean_over_kept_rows_is_one_over_all_rows_where_none_is_ignored() -> None:
    for over in (MeanOver.ROWS, MeanOver.KEPT):
        require_offered(Loss(reduction="mean"), "reduction", mean_over=over)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            Loss(reduction="mean", ignore_index=0),
            "mean_over=rows is claimed, and the library divides by kept; claim mean_over=kept",
        ),
        (
            Loss(reduction="mean", z_loss=0.5, mean_over="kept", z_loss_mean_over="elements"),
            "z_loss_mean_over=elements is claimed, and the library divides by kept; claim "
            "z_loss_mean_over=kept",
        ),
        (
            Loss(label_smoothing=0.1, smoothing_over="others"),
            "smoothing_over=others is claimed, and the library smooths over all; claim "
            "smoothing_over=all",
        ),
        (Loss(logit_scale=2), f"logit_scale=2.0 is claimed, and the library offers {ALL[0]}, "),
    ],
)
def test_another_convention_is_refused_with_that_of_the_library(loss: Loss, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        require_offered(loss, *ALL, mean_over=MeanOver.KEPT, z_loss_mean_over=MeanOver.KEPT)


def test_a_reduction_that_a_library_does_not_have_is_refused_with_those_that_it_has() -> None:
    message = "reduction=sum is claimed, and the library offers reduction=none or reduction=mean; "
    with pytest.raises(ValueError, match=message):
        require_offered(
            Loss(reduction="sum"), "reduction", reductions=(Reduction.NONE, Reduction.MEAN)
        )


def test_options_that_a_library_has_apart_are_refused_together() -> None:
    require_one_of(Loss(label_smoothing=0.1), "label_smoothing", "ignore_index")
    with pytest.raises(ValueError, match="label_smoothing and ignore_index, but not both at once"):
        require_one_of(Loss(label_smoothing=0.1, ignore_index=0), "label_smoothing", "ignore_index")


@pytest.mark.parametrize("row", [[0.5, 0.5], [1.0, 1.0], [-1.0, 1.0], [np.nan, 1.0]])
def test_a_function_of_labels_is_not_asked_for_other_targets(row: list[float]) -> None:
    gradient = of_labels(lambda z, _: z)
    with pytest.raises(NotImplementedError, match="claim targets=index"):
        gradient(np.zeros((2, 2)), np.array([[0.0, 1.0], row]))


def test_a_function_of_labels_takes_ignored_rows_and_no_rows() -> None:
    gradient = of_labels(lambda z, _, g: z + g)
    np.testing.assert_array_equal(gradient(np.zeros((1, 2)), np.zeros((1, 2)), 3.0), [[3.0, 3.0]])
    assert gradient(np.zeros((0, 2)), np.zeros((0, 2)), 3.0).shape == (0, 2)
