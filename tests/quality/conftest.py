"""Let the tests of the figures import the module beside them; the script is no test."""

import sys
from pathlib import Path

collect_ignore = ["measure.py"]

sys.path.append(str(Path(__file__).parent))
