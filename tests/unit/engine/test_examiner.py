"""An examination draws the same random numbers in each run, also when it is repeated elsewhere."""

import random

import numpy as np
from subjects import right

from gradcert.core.settings import SearchSettings
from gradcert.core.task import Task
from gradcert.engine.examiner import Examiner
from gradcert_implementations import Array, Implementation
from gradcert_reports import Verdict

SEEDED = frozenset(np.random.RandomState(0).random(100_000).tolist())


def wrong_if_seeded(z: Array, t: Array) -> Array:
    """Err only if the global generator has the state with which every examination begins."""
    return right(z, t) + (np.random.random() in SEEDED)  # noqa: NPY002


def test_what_another_process_refuted_is_refuted_again_for_its_diagnosis() -> None:
    subject = Implementation(
        name="theirs", functions={"dE/dz": wrong_if_seeded}, formats=("binary64",)
    )
    task = Task("accuracy", "dE/dz", "binary64")
    result = Examiner(subject, SearchSettings(max_examples=5, seed=0)).check(task)
    assert result.verdict == Verdict.REFUTED
    np.random.seed(12345)  # noqa: NPY002
    assert wrong_if_seeded(np.zeros((1, 2)), np.eye(1, 2)).tolist() == [[-0.5, 0.5]]
    (diagnosis,) = Examiner(subject, SearchSettings(max_examples=5, seed=0)).diagnoses([result])
    assert diagnosis.quantity == "dE/dz"
    assert diagnosis.cases > 0


def seeding(z: Array, t: Array) -> Array:
    """Set both seeds, and return the gradient."""
    np.random.seed(7)  # noqa: NPY002
    random.seed(7)
    return right(z, t)


def test_random_states_that_a_call_changed_are_set_back_when_its_check_is_over() -> None:
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    subject = Implementation(name="theirs", functions={"dE/dz": seeding}, formats=("binary64",))
    result = Examiner(subject, SearchSettings(max_examples=5, seed=0)).check(
        Task("no-side-effects", "dE/dz", "binary64")
    )
    assert result.verdict == Verdict.REFUTED
    found = np.random.random(), random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    assert found == (np.random.random(), random.random())  # noqa: NPY002
