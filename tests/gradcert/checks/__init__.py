"""The checks: properties of an implementation's answers, one idea a module, in one registry.

The exact predicate of a check stands in its docstring, with what it cannot see.
"""

from gradcert.checks.planning import planned_cases
from gradcert.checks.registry import CHECKS, Check, Planned, check_named, planned

__all__ = ["CHECKS", "Check", "Planned", "check_named", "planned", "planned_cases"]
