"""Let the tests of the searches import the module beside them; the script is no test."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
