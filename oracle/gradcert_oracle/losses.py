"""The options of a loss."""

from dataclasses import dataclass

__all__ = ["TEXTBOOK_LOSS", "Loss"]


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The options that say which loss is meant.

    Attributes
    ----------
    output
        How the logits become outputs: ``softmax``, ``sigmoid`` or ``identity``. The loss is the
        cross-entropy of a softmax, the binary cross-entropy of sigmoids, or half the squared error
        of the logits themselves.

    Examples
    --------
    >>> Loss()
    Loss(output='softmax')
    """

    output: str = "softmax"


TEXTBOOK_LOSS = Loss()
"""The cross-entropy of a softmax, without any option."""
