"""The interface: an implementation with its loss and its domain, the records that claims are."""

from gradcert_implementations.interface.adapted import Adapted
from gradcert_implementations.interface.choices import (
    MeanOver,
    NothingKept,
    Reduction,
    SmoothingOver,
)
from gradcert_implementations.interface.domains import Domain, Layout
from gradcert_implementations.interface.given import Given, options_of, recorded
from gradcert_implementations.interface.implementation import (
    Array,
    Function,
    Implementation,
    Strides,
)
from gradcert_implementations.interface.losses import Loss
from gradcert_implementations.interface.together import (
    classes_of,
    fewest_classes,
    finite_logits,
    needed_targets,
)
from gradcert_implementations.interface.weights import NamedWeights
from gradcert_implementations.interface.words import (
    domain_in_words,
    loss_in_words,
    unclaimed,
)

__all__ = [
    "Adapted",
    "Array",
    "Domain",
    "Function",
    "Given",
    "Implementation",
    "Layout",
    "Loss",
    "MeanOver",
    "NamedWeights",
    "NothingKept",
    "Reduction",
    "SmoothingOver",
    "Strides",
    "classes_of",
    "domain_in_words",
    "fewest_classes",
    "finite_logits",
    "loss_in_words",
    "needed_targets",
    "options_of",
    "recorded",
    "unclaimed",
]
