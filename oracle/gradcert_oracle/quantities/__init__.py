"""The quantities, one file each, and how to find one by name.

A file has the quantity's enclosure, its textbook values, its scale and its shape. A new quantity is
a new file and a line in this one.
"""

from gradcert_oracle.formats import Format
from gradcert_oracle.losses import PLAIN_SHARE, TEXTBOOK_LOSS, Loss, Share
from gradcert_oracle.quantities.backward_of_outputs import (
    LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS,
    SOFTMAX_BACKWARD_OF_OUTPUTS,
)
from gradcert_oracle.quantities.gradient import GRADIENT
from gradcert_oracle.quantities.hessian_vector_product import HESSIAN_VECTOR_PRODUCT
from gradcert_oracle.quantities.identity_gradient import IDENTITY_GRADIENT
from gradcert_oracle.quantities.jacobian import JACOBIAN
from gradcert_oracle.quantities.log_softmax import LOG_SOFTMAX
from gradcert_oracle.quantities.log_softmax_backward import LOG_SOFTMAX_BACKWARD
from gradcert_oracle.quantities.loss import LOSS
from gradcert_oracle.quantities.loss_by_probability import LOSS_BY_PROBABILITY
from gradcert_oracle.quantities.reduced_loss import REDUCED_LOSS
from gradcert_oracle.quantities.sigmoid_gradient import SIGMOID_GRADIENT
from gradcert_oracle.quantities.softmax import SOFTMAX
from gradcert_oracle.quantities.softmax_backward import SOFTMAX_BACKWARD
from gradcert_oracle.quantities.target_gradient import TARGET_GRADIENT
from gradcert_oracle.questions import Quantity, Question
from gradcert_oracle.rows import Row

__all__ = [
    "GRADIENT",
    "HESSIAN_VECTOR_PRODUCT",
    "IDENTITY_GRADIENT",
    "JACOBIAN",
    "LOG_SOFTMAX",
    "LOG_SOFTMAX_BACKWARD",
    "LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS",
    "LOSS",
    "LOSS_BY_PROBABILITY",
    "QUANTITIES",
    "REDUCED_LOSS",
    "SIGMOID_GRADIENT",
    "SOFTMAX",
    "SOFTMAX_BACKWARD",
    "SOFTMAX_BACKWARD_OF_OUTPUTS",
    "TARGET_GRADIENT",
    "quantity_of",
    "question",
]

QUANTITIES: tuple[Quantity, ...] = (
    SOFTMAX,
    LOSS,
    LOSS_BY_PROBABILITY,
    JACOBIAN,
    GRADIENT,
    LOG_SOFTMAX,
    SOFTMAX_BACKWARD,
    LOG_SOFTMAX_BACKWARD,
    HESSIAN_VECTOR_PRODUCT,
    TARGET_GRADIENT,
    SIGMOID_GRADIENT,
    IDENTITY_GRADIENT,
)
"""Every quantity of rows that the oracle knows, from logits or probabilities.

Beside these, REDUCED_LOSS is one of a batch, and the backwards may be called with what the forward
has stored: SOFTMAX_BACKWARD_OF_OUTPUTS and LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS.
"""

_BY_NAME = {(quantity.name, quantity.output): quantity for quantity in QUANTITIES}


def quantity_of(name: str, loss: Loss = TEXTBOOK_LOSS) -> Quantity:
    """Return the quantity of this name that belongs to a loss.

    Parameters
    ----------
    name
        The name of the quantity, such as ``dE/dz``.
    loss
        The loss. Only its output counts.

    Returns
    -------
    The quantity.

    Raises
    ------
    ValueError
        If the loss has no such quantity.

    Examples
    --------
    >>> quantity_of("do/dz").arguments
    ('logits',)
    >>> quantity_of("loss", Loss(output="sigmoid"))
    Traceback (most recent call last):
    ValueError: output 'sigmoid' has no quantity 'loss', only dE/dz
    """
    quantity = _BY_NAME.get((name, loss.output))
    if quantity is None:
        names = ", ".join(known for known, output in _BY_NAME if output == loss.output)
        only = f", only {names}" if names else ""
        raise ValueError(f"output {loss.output!r} has no quantity {name!r}{only}")
    return quantity


def question(
    name: str,
    *rows: Row,
    format: Format,
    loss: Loss = TEXTBOOK_LOSS,
    share: Share = PLAIN_SHARE,
) -> Question:
    """Return the question about the quantity of this name, with one row for each argument.

    Parameters
    ----------
    name
        The name of the quantity, such as ``dE/dz`` or ``softmax-backward``.
    *rows
        One row of n numbers for each argument of the quantity, such as logits and targets.
    format
        The format in which an answer is judged.
    loss
        The options of the loss.
    share
        What the row counts in the loss of a batch: its upstream gradient and its divisors.

    Returns
    -------
    The question, which :func:`enclose`, :func:`budgets` and :func:`judge` answer.

    Raises
    ------
    ValueError
        If the loss has no such quantity, or the quantity takes another number of arguments.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> question("dE/dz", (0.0, 1.0), (1.0, 0.0), format=BINARY64)["logits"]
    (0.0, 1.0)
    >>> question("dE/dz", (0.0, 1.0), format=BINARY64)
    Traceback (most recent call last):
    ValueError: dE/dz takes logits and targets, not 1 rows
    """
    return Question(quantity_of(name, loss), rows, format, loss, share)
