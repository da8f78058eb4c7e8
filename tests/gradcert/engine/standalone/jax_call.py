"""The call of a JAX loss or function of the logits, and its backward."""

import json
from typing import cast

import numpy as np

from gradcert.engine.standalone.asked import Asked, Part
from gradcert.engine.standalone.numbers import tensor_lines
from gradcert_implementations import QuantityName
from gradcert_implementations.adapters.kinds import LOG_SOFTMAX, LOSS, SOFTMAX

__all__ = ["jax_part"]

_VALUE = """
def answer_to({given}):
    return {name}({given}){first}
"""

_SLOPE = """
def answer_to({arguments}):
    total, back = jax.vjp(lambda {leaf}: {name}({given}){first}, {leaf})
    return back({upstream})[0]
"""

_PRODUCT = """
def slope({given}):
    total, back = jax.vjp(lambda {leaf}: {name}({given}){first}, {leaf})
    return back(jnp.ones_like(total))[0]

def answer_to({arguments}):
    return jax.jvp(lambda {leaf}: slope({given}), ({leaf},), ({last},))[1]
"""

_ONES = "jnp.ones_like(total)"
_UPSTREAM = "upstream.astype(total.dtype).reshape(total.shape)"
_PULLED = "{last}.astype(total.dtype)"

_OF_LOSS = (
    (_VALUE, 0, 2, ""),
    (_SLOPE, 0, 2, _ONES),
    (_SLOPE, 0, 2, _ONES),
    (_PRODUCT, 0, 2, ""),
    (_SLOPE, 1, 2, _ONES),
)
_OF_LOGITS = ((_VALUE, 0, 1, ""), (_SLOPE, 0, 1, _PULLED))

_STEPS = {
    name: steps
    for kind, each in ((LOSS, _OF_LOSS), (SOFTMAX, _OF_LOGITS), (LOG_SOFTMAX, _OF_LOGITS))
    for name, steps in zip(kind.quantities, each, strict=True)
}
"""By quantity: the function to write, the argument by which it is differentiated, how many
arguments the subject gets, and the gradient of what it returns."""


def jax_part(asked: Asked, name: str) -> Part | None:
    """Return the part of a script that calls a JAX function and differentiates it.

    Parameters
    ----------
    asked
        The call that the script makes.
    name
        The name of the function.

    Returns
    -------
    None for several rows of a loss without a reduction; see :func:`.torch_call.torch_part`.
    """
    claim, subject = asked.claim, asked.claim.implementation
    quantity = cast("QuantityName", claim.quantity.name)
    if quantity in LOSS.quantities and not asked.one_value:
        return None
    template, leaf, count, upstream = _STEPS[quantity]
    arrays = asked.arrays
    if "upstream" in arrays and np.all(arrays["upstream"] == 1):
        del arrays["upstream"]
    names = list(arrays)

    def short(one: str, numbers: str, whole: bool) -> str:
        return f"{one} = jnp.array({numbers}, dtype=jnp.{'int64' if whole else asked.dtype})"

    def long(one: str, whole: bool) -> str:
        return f"{one} = jnp.asarray({one}, dtype=jnp.{'int64' if whole else asked.dtype})"

    given = ", ".join(names[:count])
    first = "[0]" if subject.observed is not None and subject.observed() else ""
    function = template.format(
        name=name,
        arguments=", ".join(names),
        given=given,
        leaf=names[leaf],
        last=names[-1],
        first=first,
        upstream=(_UPSTREAM if "upstream" in arrays else upstream).format(last=names[-1]),
    )
    if subject.compiles_per_shape:
        function = function.replace("def answer_to", "@jax.jit\ndef answer_to")
    device = json.dumps(subject.device)
    of_a_loss = template is _VALUE and quantity in LOSS.quantities
    place = "" if of_a_loss else asked.place
    return Part(
        modules=("import jax", "import jax.numpy as jnp"),
        given=(
            'jax.config.update("jax_enable_x64", True)',
            f'jax.config.update("jax_default_device", jax.devices({device})[0])',
            *tensor_lines(arrays, "jnp", short, long),
        ),
        lines=(
            *function.rstrip().split("\n"),
            "",
            f"answer = answer_to({', '.join(names)}).astype({names[0]}.dtype)",
        ),
        returned=f"answer{place}.item()",
        demanded=(
            f"total = {name}({given}){first}",
            *asked.demanded("size", "jnp", values=template is _VALUE),
        ),
        library="jax",
    )
