"""A task is named in records by the same three words as in the plan."""

from gradcert import certify
from gradcert.checks import CHECKS, planned
from gradcert.core.task import Task
from gradcert_implementations import load


def test_the_results_of_a_certificate_are_of_the_planned_tasks_in_the_order_of_the_checks() -> None:
    subject = load("numpy", quantities=["dE/do", "dE/dz"], formats=["binary64", "bfloat16"])
    certificate = certify(subject, max_examples=1, effort="quick")
    in_order = sorted(planned(subject), key=lambda one: CHECKS.index(one.check))
    assert list(map(Task.of, certificate.results)) == [one.task for one in in_order]


def test_a_task_is_written_as_check_quantity_and_format() -> None:
    tasks = {str(one.task) for one in planned(load("diagonal-only", formats=["binary64"]))}
    assert {"accuracy-dE/dz-binary64", "empty-batch-dE/dz-binary64"} <= tasks
