"""What a call leaves behind besides its answer: output, and settings that other code relies on."""

from dataclasses import dataclass, field, replace
from typing import cast

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, JudgedRow, Refuted
from gradcert.core.state.watching import watch
from gradcert_implementations import Array, QuantityName

__all__ = ["Effects", "no_side_effects", "watched"]

_SHOWN = 60
"""Characters of the output that are quoted."""


@dataclass
class Effects:
    """What the calls of a function have left behind.

    Attributes
    ----------
    written
        What they wrote to standard output.
    changed
        The settings that they changed, each with the Python that shows it.
    """

    written: str = ""
    changed: dict[str, str] = field(default_factory=dict)

    def require_none(self, case: Case) -> None:
        """Refute the claim if there are any, after a call with this case."""
        if self.written:
            quoted = self.written[:_SHOWN] + ("..." if len(self.written) > _SHOWN else "")
            raise Refuted(Evidence(case, f"the call wrote {quoted!r} to standard output"))
        for name, expression in self.changed.items():
            shown_by = (expression, "f(*args)", expression)
            raise Refuted(Evidence(case, f"the call changed {name}", shown_by=shown_by))


def watched(claim: Claim, effects: Effects) -> Claim:
    """Return the claim with a function whose calls note what they leave behind, and set it back."""
    function = claim.function

    def watching(*arguments: Array) -> Array:
        seen = watch(function, arguments)
        effects.written += seen.written
        effects.changed |= seen.changed
        answer: Array = seen.returned
        return answer

    functions = dict(claim.implementation.functions)
    functions[cast("QuantityName", claim.quantity.name)] = watching
    return replace(claim, implementation=replace(claim.implementation, functions=functions))


def no_side_effects(claim: Claim, case: Case) -> list[JudgedRow]:
    """A call writes nothing to standard output and leaves the settings of the process alone.

    Predicate: standard output stays empty, and these are the same after the call as before it:

    - of numpy its error mode, its handler of errors, its print options and its random state;
    - of Python its random state, ``sys.stdin``, ``sys.stdout`` and ``sys.stderr``, whether they
      are open, their files, the warnings filters, the recursion limit, the trace and the profile
      function, and whether garbage is collected;
    - of the processor the rounding mode, flush-to-zero and the traps of errors;
    - of the system the environment (``os.environ``), the working directory, the umask, the locale,
      Python's handlers of signals, the blocked signals, and the timers that send signals;
    - where it is loaded, of torch its default dtype, random state, number of threads, grad mode,
      deterministic mode (with the switches of cuDNN) and precision of matrix products, and of jax
      its 64-bit mode.

    What was changed is put back. A call that loads a module may change the warnings filters, the
    environment and the recursion limit, because libraries do so when they are loaded.
    It cannot see what is written elsewhere, what a C library keeps for itself (handlers of signals,
    ``setenv``, the threads of a BLAS), random states of a device or of other generators, threads,
    processes and files that are left, ``logging``, ``sys.path``, hooks, functions of other modules
    that are replaced, nor what is changed and set back before the call returns. It sees no values,
    so it cannot see the all-zero gradient, a sign flip, a scale or noise.
    """
    effects = Effects()
    watched(claim, effects).answer(case)
    effects.require_none(case)
    return []
