"""Probabilities and scores are NaN where a logit exceeds 709.

Expected: probabilities 0 and 1, a score of -1. Got: NaN from 710 on. Why: `MNLogit.cdf` divides
exponentials without subtracting the largest exponent.
"""

import warnings

import numpy as np
from statsmodels.discrete.discrete_model import MNLogit

warnings.simplefilter("ignore")
model = MNLogit(np.array([[1.0, 0.0]]), np.ones((1, 1)), check_rank=False)
for logit in (709.0, 710.0):
    print(model.predict(np.array([[logit]])), model.score_obs(np.array([[logit]])))
