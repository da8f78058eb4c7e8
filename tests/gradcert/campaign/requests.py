"""What a search is about, as a record that is kept beside its blocks and sent to workers."""

from dataclasses import dataclass, field

from gradcert.core.limits import Limits
from gradcert_implementations import Options

__all__ = ["Request"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a search is about. Two searches with equal requests have the same blocks.

    Attributes
    ----------
    spec, options, limits
        What is searched, as :func:`gradcert.certify` has it.
    seed
        What rows are drawn from.
    exhaustive
        Whether every difference of two logits is tried, in place of drawn rows.
    """

    spec: str
    options: Options = field(default_factory=Options)
    limits: Limits | None = None
    seed: int = 0
    exhaustive: bool = False
