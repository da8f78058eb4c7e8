"""Several processes certify at the same time, and the end of one of them ends no other."""

import threading
from contextlib import nullcontext
from multiprocessing import Pipe

import pytest

import gradcert
from gradcert import Limits
from gradcert.core.settings import Effort, SearchSettings
from gradcert.engine import parallel
from gradcert.engine.parallel import Job, certifying_all
from gradcert.isolation.subject import isolate


class _Dead:
    """The process of a pipe that nobody reads."""

    exitcode = -9

    def terminate(self) -> None:
        """It has ended."""

    def join(self, patience: float) -> None:
        """It has ended."""

    def kill(self) -> None:
        """It has ended."""


@pytest.mark.parametrize("lost", [0, 1], ids=["before its job", "within its job"])
def test_a_process_that_is_killed_takes_at_most_one_job_with_it(
    lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = isolate(
        gradcert.load("numpy", quantities=["softmax"], formats=["binary64"]), Limits()
    )
    settings = SearchSettings(max_examples=1, seed=0, effort=Effort.QUICK)
    jobs = [Job(place, subject, settings) for place in range(2)]
    ours, theirs = Pipe()
    living = parallel._started
    dead = [(ours, _Dead())]
    monkeypatch.setattr(parallel, "_started", lambda: dead.pop() if dead else living())
    if lost:
        threading.Timer(0.5, theirs.close).start()
    else:
        theirs.close()
    places = set()
    with pytest.raises(RuntimeError, match="code -9") if lost else nullcontext():
        for step in certifying_all(jobs, 2):
            places.add(step.place)
    assert len(places) == 2 - lost
