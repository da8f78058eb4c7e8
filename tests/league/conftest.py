"""Let the tests of the league import the modules beside them; the scripts are no tests."""

import sys
from pathlib import Path

collect_ignore = ["findings"]

sys.path.append(str(Path(__file__).parent))
