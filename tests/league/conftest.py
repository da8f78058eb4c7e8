"""Let the tests of the league import the module beside them, and pytest leave its scripts alone."""

import sys
from pathlib import Path

collect_ignore = ["findings"]

sys.path.append(str(Path(__file__).parent))
