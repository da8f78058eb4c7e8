"""Let the tests of the league import the modules beside them; scripts and kernels are no tests."""

import sys
from pathlib import Path

collect_ignore = ["findings", "gpu"]

sys.path.append(str(Path(__file__).parent))
