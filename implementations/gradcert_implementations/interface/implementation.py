"""An implementation under test: functions from arrays to arrays, its loss, and its domain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TypeAlias

from gradcert_implementations.interface.adapted import Adapted
from gradcert_implementations.interface.domains import Domain, Layout
from gradcert_implementations.interface.given import Given, options_of, recorded
from gradcert_implementations.interface.losses import Loss
from gradcert_implementations.interface.together import check_together
from gradcert_implementations.names import (
    FORMAT_ALIASES,
    FORMAT_NAMES,
    LEVEL_NAMES,
    QUANTITIES_OF_A_LOSS,
    QUANTITY_NAMES,
    FormatName,
    LevelName,
    OutputName,
    QuantityName,
    known_name,
    known_names,
    printable,
)

if TYPE_CHECKING:  # `gradcert list` must not import numpy.
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["Array", "Function", "Implementation", "Strides"]

Array: TypeAlias = "NDArray[Any]"
"""A numpy array of dtype float64, float32, float16 or ``ml_dtypes.bfloat16``."""

Function: TypeAlias = "Callable[..., NDArray[Any]]"


_CLAIMABLE: Mapping[OutputName, tuple[QuantityName, ...]] = {
    "softmax": QUANTITY_NAMES,
    "sigmoid": ("dE/dz",),
    "identity": ("dE/dz",),
}
"""The quantities that have a definition for each output."""


class Strides(StrEnum):
    """The strides that the arrays of a subject can have, when they reach the code that computes.

    Attributes
    ----------
    ANY
        Those of a numpy array, which may also be read-only.
    NON_NEGATIVE
        Those of a PyTorch tensor. It cannot be read-only.
    NONE
        None: a JAX array has no strides, and a program gets the values one after the other.
    """

    ANY = "any"
    NON_NEGATIVE = "non-negative"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, eq=False)
class Implementation:
    """An implementation under test: its functions, the loss they compute, and their domain.

    Attributes
    ----------
    name
        Name shown in reports. Control characters and line breaks are removed.
    functions
        From the name of a quantity to a function of numpy arrays. With B rows and n classes:

        ======================== ============================= ========= ===========================
        quantity                 called with                   returns   definition
        ======================== ============================= ========= ===========================
        softmax                  logits (B, n)                 (B, n)    o_j = e^z_j / sum e^z_k
        loss                     logits, targets (B, n)        (B,)      E = -sum_j t_j ln o_j
        dE/do                    probabilities, targets (B, n) (B, n)    dE/do_j, every o_j free
        do/dz                    logits (B, n)                 (B, n, n) do_i/dz_j at [:, i, j]
        dE/dz                    logits, targets (B, n)        (B, n)    dE/dz_j of its row's loss
        log-softmax              logits (B, n)                 (B, n)    ln o_j
        softmax-backward         logits, v (B, n)              (B, n)    d/dz_j sum_k v_k o_k
        log-softmax-backward     logits, v (B, n)              (B, n)    d/dz_j sum_k v_k ln o_k
        hvp                      logits, targets, v (B, n)     (B, n)    the Hessian of E, times v
        dE/dt                    logits, targets (B, n)        (B, n)    dE/dt_j, every t_j free
        ======================== ============================= ========= ===========================

        If `takes_upstream`, the function of ``dE/dz`` is called with the upstream gradient too, and
        returns dF/dz_j. If the loss has a reduction, ``loss`` returns one value, of shape (). To a
        function of rows, an ignored row is a row of zeros. Only ``loss`` and ``dE/dz`` have options
        of a loss beside its output. Arguments and result have the dtype of the format. Targets are
        rows: one-hot rows for class indices. A logit may be -inf where its target is zero.

        If the layout of the domain is not ``rows``, the B rows have another shape: (B, S, n), or
        with the classes second (N, n, d1) and (N, n, d1, d2). Then one value a row has shape (B,
        S), (N, d1) or (N, d1, d2), and so has the upstream gradient. What ``gradcert.load`` and the
        adapters return takes rows, gives them that shape, and returns rows.
    formats
        The formats it is meant for. Aliases such as ``fp32`` are accepted, and the IEEE names are
        stored.
    loss
        The loss it computes or differentiates.
    domain
        The arguments for which it must be right.
    filled_in
        The options of the loss that were read from the attributes of what computes it.
    at_least
        The level that it claims: a textbook algorithm, ``faithful``, ``wide``, ``shifted``,
        ``log-softmax`` or ``log-sum-exp``, from the best to the worst. A row that only a worse one
        explains refutes the claim. Only 16-bit formats have the level ``wide`` (binary32 inside);
        in the others it means ``shifted``. None claims no level.
    summary
        One line that says how it computes.
    origin
        The SPEC that loads it again, if there is one. The snippets of a report start from it.
    adapted
        What that SPEC names, if it is no Implementation.
    library, device
        The distribution that computes and the device where it computes, for the record.
    compiles_per_shape
        Whether a new shape of its arguments costs a compilation. If so, each shape of the plan of
        cases is tried by one of its claims at least, and not by all of them.
    strides
        The strides that its arrays can have. A memory layout that they cannot have is not asked,
        and no certificate says that it was. A function that copies its arrays into those of another
        library has the strides that the copies can have. A name such as ``"none"`` is accepted.
    takes_upstream
        Whether the function of dE/dz has a third argument, the upstream gradient g: of shape (B,),
        or () if the loss has a reduction. It comes in any sign, size and layout. If not, g is one.
    takes_outputs
        Whether the function of softmax-backward is called with outputs and v, and that of
        log-softmax-backward with log-probabilities and v: with what the forward has stored, and not
        with logits. The outputs of a row sum to exactly one. Log-probabilities are rounded.
    functions_for
        A function from a loss to the functions that compute it, which are called with the same
        arguments. None: the functions stay the same, whatever loss is claimed.
    second_backward
        Called like the function of dE/dz, with g. It returns what a second backward of the same
        graph returns. It may raise NotImplementedError, which refutes nothing. It is not asked if
        the domain says that the logits are overwritten.
    observed
        A function without arguments. It returns phrases for the certificate: what the calls
        returned, such as ``the first of the 2 values that it returns``.
    second_backward_for
        A function from a loss to the second backward for that loss. None: no second backward is
        asked where `functions_for` gave the functions.

    Raises
    ------
    ValueError
        For an unknown quantity, format, level or name of strides, no quantity or format at all, a
        quantity that the loss, or a loss with its options, does not have, a loss and a domain that
        contradict each other, a second backward without `takes_upstream`, or a field of another
        type.

    Examples
    --------
    >>> import numpy as np
    >>> def gradient(logits, targets):
    ...     powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    ...     return powers / powers.sum(axis=1, keepdims=True) - targets
    >>> mine = Implementation(
    ...     name="mine",
    ...     functions={"dE/dz": gradient},
    ...     formats=("fp32", "bf16"),
    ...     domain=Domain(targets="index"),
    ... )
    >>> mine.formats
    ('binary32', 'bfloat16')
    >>> mine.functions["dE/dz"](np.zeros((1, 2)), np.eye(2)[:1])
    array([[-0.5,  0.5]])
    """

    name: str
    functions: Mapping[QuantityName, Function]
    formats: tuple[FormatName, ...] = ("binary64", "binary32")
    loss: Loss = field(default_factory=Loss)
    domain: Domain = field(default_factory=Domain)
    filled_in: tuple[Given, ...] = ()
    at_least: LevelName | None = None
    summary: str = ""
    origin: str = ""
    adapted: Adapted = Adapted.NOTHING
    library: str = "numpy"
    device: str = "cpu"
    compiles_per_shape: bool = False
    strides: Strides = Strides.ANY
    takes_upstream: bool = False
    takes_outputs: bool = False
    functions_for: "Callable[[Loss], Mapping[QuantityName, Function]] | None" = None
    second_backward: "Function | None" = None
    observed: "Callable[[], tuple[str, ...]] | None" = None
    second_backward_for: "Callable[[Loss], Function] | None" = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", printable(self.name))
        if not isinstance(self.functions, Mapping):
            raise ValueError(
                f"functions is {self.functions!r}; expected functions by quantity, such as "
                '{"dE/dz": gradient}'
            )
        quantities = known_names("quantity", self.functions, QUANTITY_NAMES)
        formats = known_names("format", self.formats, FORMAT_NAMES, FORMAT_ALIASES)
        if not quantities:
            raise ValueError(f"no quantity given; choose from {', '.join(QUANTITY_NAMES)}")
        if not formats:
            raise ValueError(f"no format given; choose from {', '.join(FORMAT_NAMES)}")
        object.__setattr__(self, "formats", formats)
        for quantity, function in self.functions.items():
            if not callable(function):
                raise ValueError(f"the function for {quantity!r} is not callable: {function!r}")
        if not isinstance(self.loss, Loss):
            raise ValueError(f'loss is {self.loss!r}; expected a Loss: Loss(output="sigmoid")')
        if not isinstance(self.domain, Domain):
            raise ValueError(
                f'domain is {self.domain!r}; expected a Domain: Domain(targets="index")'
            )
        check_together(self.loss, self.domain)
        if self.at_least is not None:
            known_name("level", self.at_least, LEVEL_NAMES)
        object.__setattr__(self, "strides", known_name("strides", self.strides, tuple(Strides)))
        if self.second_backward is not None and not self.takes_upstream:
            raise ValueError(
                "second_backward is called with an upstream gradient, and takes_upstream is False; "
                "claim takes_upstream=True, or leave second_backward out"
            )
        if not isinstance(self.compiles_per_shape, bool):
            raise ValueError(
                f"compiles_per_shape is {self.compiles_per_shape!r}; expected True or False"
            )
        output = self.loss.output
        for quantity in quantities:
            if quantity not in _CLAIMABLE[output]:
                raise ValueError(
                    f"the output {output!r} has no quantity {quantity!r}; "
                    f"it has {', '.join(_CLAIMABLE[output])}"
                )
        if self.domain.layout is not Layout.ROWS and "do/dz" in quantities:
            raise ValueError(
                f"the quantity 'do/dz' has no layout={self.domain.layout}; leave one of them out"
            )
        beside = [quantity for quantity in quantities if quantity not in QUANTITIES_OF_A_LOSS]
        for option in options_of(self.loss):
            if option != "output" and beside:
                raise ValueError(
                    f"the quantity {beside[0]!r} has no meaning with {option}; claim "
                    f"{' or '.join(QUANTITIES_OF_A_LOSS)} only, or {self._without(option)}"
                )

    def _without(self, option: str) -> str:
        """Return how to claim a loss without an option."""
        if option not in {one.name for one in self.filled_in}:
            return f"leave {option} out"
        default = f"{option}={recorded(Loss())[option]}".lower()
        return f"override its attributes with --loss {default} (loss=[{default!r}] in Python)"

    def with_loss(self, loss: Loss, domain: Domain | None = None) -> Self:
        """Return the implementation with another loss, and with its functions for that loss.

        It keeps the quantities that have a definition for the loss, if there are any. `domain` is
        the domain that it claims then, if it is another one.

        Returns
        -------
        The implementation, whose loss is `loss`.

        Raises
        ------
        ValueError
            If none of its quantities has one, or the loss and the domain contradict each other.

        Examples
        --------
        >>> import numpy as np
        >>> def gradient_of(loss):
        ...     return {"dE/dz": lambda z, t: loss.multiplier * (np.exp(z) - t)}
        >>> plain = Implementation(
        ...     name="mine", functions=gradient_of(Loss()), functions_for=gradient_of
        ... )
        >>> double = plain.with_loss(Loss(multiplier=2))
        >>> double.functions["dE/dz"](np.zeros((1, 1)), np.zeros((1, 1)))
        array([[2.]])
        """
        if loss == self.loss:
            return replace(self, domain=domain) if domain else self
        made, again = self.functions, self.second_backward
        if self.functions_for is not None:
            made = self.functions_for(loss)
            again = self.second_backward_for and self.second_backward_for(loss)
        functions = {name: made[name] for name in self.functions if name in made}
        if set(options_of(loss)) - {"output"}:
            functions = {
                name: functions[name] for name in QUANTITIES_OF_A_LOSS if name in functions
            }
        return replace(
            self,
            functions=functions or self.functions,
            loss=loss,
            domain=domain or self.domain,
            second_backward=again,
        )
