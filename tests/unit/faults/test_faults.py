"""Nothing that a subject, a terminal or a file does ends in a traceback or a wrong exit status."""

from pathlib import Path

import budgets
import exits
import files
import imports
import pytest
import terminals
from fault import Fault

FAULTS = (*exits.FAULTS, *imports.FAULTS, *terminals.FAULTS, *files.FAULTS, *budgets.FAULTS)


@pytest.mark.faults
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_what_goes_wrong_is_said_in_words_and_by_the_exit_status(
    fault: Fault, tmp_path: Path
) -> None:
    fault.run(tmp_path)


def test_no_two_faults_have_the_same_words() -> None:
    assert len({fault.what for fault in FAULTS}) == len(FAULTS)
