"""An examination draws the same random numbers in each run, also when it is repeated elsewhere."""

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
