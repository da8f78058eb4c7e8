"""Unlike rows: of rows that are equal in every batch, one is enough."""

import numpy as np

from gradcert_implementations import Array

__all__ = ["unlike_rows"]


def unlike_rows(*batches: Array) -> Array:
    """Return the first row of each kind. Rows of a kind are equal in all batches, in every byte.

    Parameters
    ----------
    *batches
        Arrays with one row for each row of a case, say its arguments and the answer.

    Examples
    --------
    >>> unlike_rows(np.array([[1.0], [2.0], [1.0], [1.0]]), np.array([3.0, 4.0, 3.0, 5.0])).tolist()
    [0, 1, 3]
    """
    rows = len(batches[0])
    if rows < 2:
        return np.arange(rows)
    flat = (np.ascontiguousarray(batch).reshape(rows, -1).view(np.uint8) for batch in batches)
    whole = np.hstack(list(flat))
    # As texts of one length the rows become Python's at once. Zeros at the end are left out of all.
    kinds = whole.view(f"S{whole.shape[1]}").ravel().tolist()
    first: dict[bytes, int] = {}
    for row, kind in enumerate(kinds):
        first.setdefault(kind, row)
    return np.array(list(first.values()))
