"""The call of a function of numpy arrays, or several calls whose answers are compared."""

from gradcert.engine.standalone.asked import Asked, Part
from gradcert.engine.standalone.numbers import numpy_lines

__all__ = ["numpy_part"]


def _calls(asked: Asked, name: str) -> tuple[str, ...]:
    """Return the lines that make several calls, or one with other arguments than the case."""
    *earlier, last = asked.evidence.shown_by
    if earlier:
        earlier[0] = f"first = np.copy({earlier[0]})"
    given = f"args = ({', '.join(asked.arrays)}{',' * (len(asked.arrays) == 1)})"
    called = (f"f = {name}",) * (name != "f")
    return (*called, given, *earlier, f"answer = np.copy({last})")


def numpy_part(asked: Asked, name: str) -> Part:
    """Return the part of a script that calls a function of numpy arrays.

    Parameters
    ----------
    asked
        The call that the script makes.
    name
        The name of the function.
    """
    own = asked.claim.format.dtype.type.__module__ == "ml_dtypes"
    dtype = f"ml_dtypes.{asked.dtype}" if own else f'"{asked.dtype}"'
    arrays = asked.arrays
    calls = () if asked.one_call else _calls(asked, name)
    return Part(
        modules=("import ml_dtypes",) * own,
        given=tuple(numpy_lines(arrays, dtype)),
        lines=calls or (f"answer = {name}({', '.join(arrays)})",),
        returned=f"float(answer{asked.place})",
        demanded=(
            f"assert answer.shape == {asked.shape}, answer.shape",
            f"assert answer.dtype == {dtype}, answer.dtype",
        ),
        kept="{}.copy()",
        unchanged="{}.tobytes() == before.tobytes()",
        library="numpy",
    )
