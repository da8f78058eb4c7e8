"""The call of a function of numpy arrays."""

from gradcert.engine.standalone.asked import Asked, Part
from gradcert.engine.standalone.numbers import numpy_lines

__all__ = ["numpy_part"]


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
    return Part(
        modules=("import ml_dtypes",) * own,
        lines=(*numpy_lines(arrays, dtype), f"answer = {name}({', '.join(arrays)})"),
        returned=f"float(answer{asked.place})",
        demanded=(
            f"assert answer.shape == {asked.shape}, answer.shape",
            f"assert answer.dtype == {dtype}, answer.dtype",
        ),
        library="numpy",
    )
