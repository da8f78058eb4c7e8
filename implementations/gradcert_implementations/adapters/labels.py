"""Class indices in place of one-hot rows, in a memory layout like that of the rows."""

import numpy as np

from gradcert_implementations.adapters.folding import in_rows, leading
from gradcert_implementations.interface import Array, Layout

__all__ = ["class_indices"]


def class_indices(
    rows: Array, ignore_index: int | None = None, layout: Layout = Layout.ROWS
) -> Array:
    """Return the class of each one-hot row, as int64, laid out as the rows are.

    The rows have the shape of a layout, and the labels that shape without the classes. A row
    without a target is ignored, and has the label that says so, if there is one.

    If one row stands for all (stride 0), one label does. The labels of reversed rows are reversed.
    If there is memory between the rows, there is a number between the labels: another class, which
    is wrong, but harms nobody who reads it. Labels of read-only rows are read-only.

    Examples
    --------
    >>> class_indices(np.array([[0.0, 1.0], [1.0, 0.0]]))
    array([1, 0])
    >>> class_indices(np.array([[0.0, 1.0], [0.0, 0.0]]), -100)
    array([   1, -100])
    >>> class_indices(np.eye(6)[::2]).strides
    (16,)
    """
    shape, writeable = leading(rows.shape, layout), rows.flags.writeable
    rows = in_rows(rows, layout)
    count, classes = rows.shape
    indices: Array = np.argmax(rows, axis=-1).astype(np.int64)
    others = (indices + 1) % classes
    if ignore_index is not None:
        indices[~rows.any(axis=-1)] = ignore_index
    if count > 1 and rows.strides[0] == 0:
        indices = np.broadcast_to(np.append(indices[:1], others)[:1], count)
    elif count > 1 and rows.strides[0] < 0:
        indices = np.append(indices[::-1], others)[count - 1 :: -1]
    elif count > 1 and rows.strides[0] > classes * rows.itemsize:
        indices = np.stack([indices, others], axis=1).ravel()[::2]
    indices = indices.reshape(shape)
    indices.flags.writeable = writeable and indices.flags.writeable
    return indices
