"""The options with which a library is certified beside its plain loss, as it documents them.

Each claim has the options that ``gradcert certify LIBRARY`` takes. Together the claims of a library
have each option that it offers, alone or with others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CLAIMS", "Claim"]

_WEIGHTS = "class_weights=gradcert_implementations.loss_set:uneven_weights"
"""A function of the number of classes: a list of numbers would fix that number."""


@dataclass(frozen=True)
class Claim:
    """The loss that a certificate is about.

    Attributes
    ----------
    loss
        The options of the loss.
    by_index
        Whether the library offers them for class indices only.
    formats
        The formats in which the library offers them; all of its own if it is empty.
    """

    loss: tuple[str, ...]
    by_index: bool = False
    formats: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its folder.

        Examples
        --------
        >>> Claim(("softcap=30", "ignore_index=-100")).name
        'softcap-ignore_index'
        """
        return "-".join(option.partition("=")[0] for option in self.loss)

    @property
    def options(self) -> list[str]:
        """The options on the command line.

        Examples
        --------
        >>> Claim(("softcap=30",), by_index=True).options
        ['--loss', 'softcap=30', '--targets', 'index']
        """
        given = [("--loss", option) for option in self.loss]
        given += [("--targets", "index")] if self.by_index else []
        given += [("--format", name) for name in self.formats]
        return [word for pair in given for word in pair]


CLAIMS: Mapping[str, tuple[Claim, ...]] = {
    "cut-cross-entropy": (
        Claim(("ignore_index=-100",)),
        Claim(("softcap=30", "ignore_index=-100")),
    ),
    "keras": (
        Claim(("label_smoothing=0.1", "reduction=mean")),
        Claim(("ignore_index=-100", "reduction=mean", "mean_over=kept"), by_index=True),
        Claim(("reduction=sum",)),
    ),
    "keras-softmax": (Claim(("label_smoothing=0.1", "reduction=mean")),),
    "liger": (
        Claim(
            (
                "label_smoothing=0.1",
                "ignore_index=-100",
                "z_loss=1e-3",
                "reduction=mean",
                "mean_over=kept",
            )
        ),
        Claim(("label_smoothing=0.1", "reduction=sum")),
    ),
    "mlx": (Claim(("label_smoothing=0.1", "reduction=mean")), Claim(("reduction=sum",))),
    "mygrad": (Claim(("reduction=mean",)),),
    "optax": (Claim(("label_smoothing=0.1",)),),
    "paddle": (
        Claim(("label_smoothing=0.1", "reduction=mean")),
        Claim((_WEIGHTS, "ignore_index=0", "reduction=mean", "mean_over=weights"), by_index=True),
        Claim(("ignore_index=0", "reduction=sum"), by_index=True),
    ),
    "scikit-learn": (Claim((_WEIGHTS,)),),
    "tensorflow-js": (
        Claim(("label_smoothing=0.1", "reduction=mean")),
        Claim(("reduction=sum",)),
    ),
    "thinc": (
        Claim(
            ("label_smoothing=0.1", "smoothing_over=others", "reduction=mean"),
            by_index=True,
            formats=("binary32",),  # The type that it documents.
        ),
        Claim(("ignore_index=0", "reduction=mean"), by_index=True),
    ),
    "tinygrad": (
        Claim(("label_smoothing=0.1", "reduction=sum")),
        Claim(
            ("ignore_index=-1", "label_smoothing=0.1", "reduction=mean", "mean_over=kept"),
            by_index=True,
        ),
        Claim(
            (_WEIGHTS, "ignore_index=-100", "reduction=mean", "mean_over=weights"), by_index=True
        ),
    ),
}
"""The claims of each library that offers options. The others have the plain loss only."""
