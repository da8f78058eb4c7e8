"""What the SPEC of an implementation names: what was adapted, and so how its user calls it."""

from enum import StrEnum

__all__ = ["Adapted"]


class Adapted(StrEnum):
    """What somebody wrote, in the form in which an adapter was given it.

    A report writes the call of it, as it is without gradcert.

    Attributes
    ----------
    NOTHING
        An implementation, which nothing had to adapt.
    FUNCTION
        A function of numpy arrays, with rows for targets.
    NUMPY
        A function of numpy arrays for the adapter of these.
    TORCH
        A function of tensors.
    TORCH_FUNCTION
        The class of a ``torch.autograd.Function``.
    TORCH_MODULE, TORCH_MODULE_CLASS
        An ``nn.Module``, and a class of these.
    JAX
        A function of JAX arrays.
    PROGRAM
        A program that follows the protocol.
    """

    NOTHING = "nothing"
    FUNCTION = "function"
    NUMPY = "numpy"
    TORCH = "torch"
    TORCH_FUNCTION = "torch function"
    TORCH_MODULE = "torch module"
    TORCH_MODULE_CLASS = "torch module class"
    JAX = "jax"
    PROGRAM = "program"
