"""A script that shows a discrepancy without gradcert: what one pastes into a bug report.

Each module writes the call of one kind of subject, as its adapter makes it.
"""

from gradcert.engine.standalone.script import standalone

__all__ = ["standalone"]
