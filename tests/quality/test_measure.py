"""A run that was measured with other code is measured again."""

import subprocess
import sys
from pathlib import Path

import measure

MODULES = """
import sys
import measure
measure.measure("sign-flipped", 0, "")
measure.measure("online-softmax", 0, "")
measure.measure("last-row-0", 0, "")
for module in list(sys.modules.values()):
    if module.__name__.startswith(("gradcert", "families")):
        print(module.__name__, module.__file__)
"""

NO_VERDICT = (
    "gradcert.isolation",  # It starts, asks and ends the process that examines.
    "gradcert_implementations.adapters",  # Functions of numpy arrays need none.
    "gradcert_implementations.libraries",  # No library is measured.
    "gradcert_reports",  # Renderers, but for the model.
)


def test_the_digest_of_the_code_covers_every_module_that_decides_a_verdict() -> None:
    here = Path(measure.__file__).parent
    command = [sys.executable, "-c", MODULES]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    loaded = dict(line.split() for line in done.stdout.splitlines())
    assert {"gradcert.checks.accuracy", "gradcert_oracle.budgets", "families.rows"} <= set(loaded)
    covered = {file for pattern in measure.CODE for file in measure.ROOT.glob(pattern)}
    missed = {module for module, file in loaded.items() if Path(file) not in covered}
    assert {module for module in missed if not module.startswith(NO_VERDICT)} == set()
    assert not any(module.startswith("gradcert_reports.model") for module in missed)
