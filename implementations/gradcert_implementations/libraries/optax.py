"""Optax: ``optax.safe_softmax_cross_entropy``, differentiated by ``jax.vjp``.

The documentation describes labels as valid probability distributions, non-negative and summing to
one. It promises ``0 log 0 = 0`` for logits of -inf, which ``optax.softmax_cross_entropy`` does not
do. Logits may have any floating-point type.
https://optax.readthedocs.io/en/latest/api/losses.html#optax.losses.safe_softmax_cross_entropy
"""

from dataclasses import replace

import optax

from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["implementation"]

implementation = replace(
    from_jax(optax.safe_softmax_cross_entropy, formats=FORMAT_NAMES, device="cpu"),
    name="optax",
    origin="",
    library="optax",
)
