"""Class weights cross the border of a process, and the judge loads none that a subject names."""

import os
from pathlib import Path

import pytest
from subjects import RIGHT_SOURCE

import gradcert
from gradcert import Limits
from gradcert.isolation.subject import isolate, load_isolated
from gradcert_implementations import Loss, Options, SpecError, as_implementation, recorded

WEIGHTED = f"""
{RIGHT_SOURCE}
from gradcert_implementations import Implementation, Loss

def ones(classes):
    return np.ones(classes)

named = Implementation(
    name="named", functions={{"dE/dz": right}}, loss=Loss(class_weights=ones)
)
unnamed = Implementation(
    name="unnamed", functions={{"dE/dz": right}}, loss=Loss(class_weights=lambda n: np.ones(n))
)
"""


@pytest.fixture
def weighted(tmp_path: Path) -> Path:
    path = tmp_path / "weighted.py"
    path.write_text(WEIGHTED)
    return path


def test_class_weights_from_a_public_function_reach_the_other_process_and_come_back(
    weighted: Path,
) -> None:
    loaded = load_isolated(f"{weighted}:named", Limits(), Options())
    assert recorded(loaded.loss) == recorded(Loss(class_weights=f"{weighted}:ones"))
    certificate = gradcert.certify(loaded, max_examples=2, effort="quick", formats=["fp64"])
    assert certificate.loss["class_weights"] == f"{weighted}:ones"
    assert certificate.verdict == "conforms"


def test_class_weights_that_another_process_cannot_load_are_one_line(weighted: Path) -> None:
    nameless = Options(loss={"class_weights": lambda n: [1.0] * n})
    for load in (
        lambda: load_isolated(f"{weighted}:unnamed", Limits(), Options()),
        lambda: load_isolated(f"{weighted}:right", Limits(), nameless),
        lambda: isolate(
            as_implementation(gradcert.load("numpy", quantities=["dE/dz"]), nameless), Limits()
        ),
    ):
        with pytest.raises(SpecError, match="function without a public name") as caught:
            load()
        assert "\n" not in str(caught.value)


def test_class_weights_that_a_subject_names_are_computed_in_its_process_and_not_here(
    weighted: Path,
) -> None:
    seen = weighted.with_name("seen")
    line = f"print(__import__('os').getpid(), file=open({str(seen)!r}, 'a'))"
    weighted.write_text(f"{line}\n{WEIGHTED}")
    loaded = load_isolated(f"{weighted}:named", Limits(), Options())
    certificate = gradcert.certify(loaded, max_examples=2, effort="quick", formats=["fp64"])
    assert certificate.verdict == "conforms"
    processes = seen.read_text().split()
    assert len(processes) == 2
    assert str(os.getpid()) not in processes


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ("return [1 / (n < 3)] * n", "class_weights raised ZeroDivisionError for"),
        ("return [1] * n if n < 3 else ctypes.string_at(0)", "ended its process with"),
        ("return [1.0] * min(n, 2)", "class_weights has 2 numbers for"),
    ],
)
def test_class_weights_that_fail_are_a_verdict(weighted: Path, weights: str, reason: str) -> None:
    source = WEIGHTED.replace("(classes)", "(n)").replace("return np.ones(n)", weights)
    weighted.write_text(f"import ctypes\n{source}")
    loaded = load_isolated(f"{weighted}:named", Limits(), Options())
    found = gradcert.certify(loaded, max_examples=2, effort="quick", formats=["fp64"])
    assert found.verdict == "broken"
    assert any(reason in result.reason for result in found.results)
