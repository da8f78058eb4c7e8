"""statsmodels: ``MNLogit.score_obs`` of one observation per row, with a constant as regressor.

The parameters of the model are then the logits less that of the first class, the base, whose logit
the model fixes at zero. The score is minus the gradient of a row's cross-entropy by the other
logits. The gradient by the logit of the base is the probability that ``MNLogit.predict`` returns,
less the target. The documentation requires categories; here they are the dummies that the model
makes of them itself. Scores are binary64. These parameters cannot express a base masked with -inf.
https://www.statsmodels.org/stable/generated/statsmodels.discrete.discrete_model.MNLogit.score_obs.html
https://www.statsmodels.org/stable/generated/statsmodels.discrete.discrete_model.MNLogit.predict.html
"""

import numpy as np
from statsmodels.discrete.discrete_model import MNLogit

from gradcert_implementations.adapters.offered import no_options, of_labels
from gradcert_implementations.interface import Array, Domain, Implementation

__all__ = ["gradient", "implementation"]

_CONSTANT = np.ones((1, 1))


def gradient(logits: Array, targets: Array) -> Array:
    """Return minus ``MNLogit.score_obs``, with the base's share in front."""
    slope = np.empty_like(logits)
    for row, (z, t) in enumerate(zip(logits, targets, strict=True)):
        model = MNLogit(t[None], _CONSTANT, check_rank=False)
        parameters = (z[1:] - z[0])[None]
        slope[row, 0] = model.predict(parameters)[0, 0] - t[0]
        slope[row, 1:] = -model.score_obs(parameters)[0]
    return slope


implementation = Implementation(
    name="statsmodels",
    functions={"dE/dz": of_labels(gradient)},
    formats=("binary64",),
    domain=Domain(targets="index", fewest_classes=2),
    library="statsmodels",
    functions_for=no_options,
)
