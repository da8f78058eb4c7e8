"""The vocabulary in chunks, with a softcap and ignored rows.

Each chunk of the classes has a log-sum-exp of its own, and these are combined into that of the row.
The second pass computes the probabilities of each chunk from it: the softmax of a chunk never
exists. Unsloth's kernels do so for vocabularies above 65,536.
"""

import numpy as np

from gradcert_implementations.interface import Array, Domain, Implementation, Loss

__all__ = ["gradient", "implementation"]

_CHUNK, _CAP = 256, 30.0


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g_r m_r (exp(u_j - lse) - t_j) (1 - tanh(z_j / c)**2)``, ``u_j = c tanh(z_j / c)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([2.0])).round(15)
    array([[-1.,  1.]])
    """
    number, classes = logits.dtype.type, logits.shape[-1]
    chunks = [slice(start, start + _CHUNK) for start in range(0, classes, _CHUNK)]
    parts = []
    for chunk in chunks:
        u = np.tanh(logits[:, chunk] / number(_CAP)) * number(_CAP)
        largest = u.max(axis=-1, keepdims=True)
        parts.append(largest + np.log(np.exp(u - largest).sum(axis=-1, keepdims=True)))
    ends = np.concatenate(parts, axis=-1)
    top = ends.max(axis=-1, keepdims=True)
    lse = top + np.log(np.exp(ends - top).sum(axis=-1, keepdims=True))
    front = np.where(targets.any(axis=-1), upstream, number(0))[:, np.newaxis]
    answer = np.empty_like(logits)
    for chunk in chunks:
        bent = np.tanh(logits[:, chunk] / number(_CAP))
        difference = np.exp(bent * number(_CAP) - lse) - targets[:, chunk]
        answer[:, chunk] = difference * front * (1 - bent * bent)
    return answer


implementation = Implementation(
    name="vocabulary-in-chunks",
    functions={"dE/dz": gradient},
    loss=Loss(softcap=_CAP, ignore_index=-100),
    domain=Domain(targets="index"),
    takes_upstream=True,
)
