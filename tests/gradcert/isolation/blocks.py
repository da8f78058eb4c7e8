"""Blocks of memory that two processes both have.

The process that judges and the child that runs a subject have copies of the same blocks. What a
call writes into its arguments, and what a later call writes into an earlier answer, is copied back
into the arrays that the judge still has. So a check of memory sees what it would see without a
second process: layouts, arguments that were changed, answers that lie in the memory of arguments,
buffers that are used again.
"""

import itertools
import weakref
from collections.abc import Sequence

import numpy as np

from gradcert.isolation.protocol import Block, Returned, View
from gradcert.isolation.views import array_of, bytes_of, has_numbers, root_of, view_of
from gradcert_implementations import Array, type_name

__all__ = ["HeldBlocks", "LentBlocks"]

_LARGEST = 1 << 30
"""Bytes of an answer that are sent, at most."""

_NAN = 0xFF
"""The byte of which a NaN of every format can consist."""


class LentBlocks:
    """The blocks as the process that judges has them.

    It keeps none of the arrays alive. A block is forgotten once the last of its arrays is gone.
    """

    def __init__(self) -> None:
        # The child counts its own blocks down from -1.
        self._next = itertools.count(1)
        self._numbers: dict[int, int] = {}
        self._roots: dict[int, weakref.ref[Array]] = {}
        self._forgotten: list[int] = []

    def _forget(self, key: int, number: int) -> None:
        del self._numbers[key], self._roots[number]
        self._forgotten.append(number)

    def _keep(self, root: Array, number: int) -> None:
        self._numbers[id(root)] = number
        self._roots[number] = weakref.ref(root)
        weakref.finalize(root, self._forget, id(root), number).atexit = False

    def lend(self, array: Array) -> View:
        """Return the array as a view of its block, which is a new one if its memory is new."""
        root = root_of(array)
        if id(root) not in self._numbers:
            self._keep(root, next(self._next))
        return view_of(array, self._numbers[id(root)], bytes_of(root))

    def take_forgotten(self) -> tuple[int, ...]:
        """Return the blocks that are forgotten, once."""
        taken = tuple(self._forgotten)
        self._forgotten.clear()
        return taken

    def content(self, number: int) -> bytes:
        """Return the bytes of a block that is lent."""
        root = self._roots[number]()
        assert root is not None  # The caller has an array in it.
        return bytes_of(root).tobytes()

    def receive(self, blocks: Sequence[Block], data: bytes, view: View | None) -> "Array | None":
        """Copy what has changed into the arrays that have it, and return the array of the view.

        Raises
        ------
        LookupError, TypeError, ValueError, OverflowError
            If the view is not one of an array in a block.
        """
        changed: dict[int, Array] = {}
        start = 0
        for block in blocks:
            given = np.frombuffer(data, np.uint8, block.size, start)
            start += block.size
            known = self._roots.get(block.number)
            root = known() if known else None
            if root is None:
                root = np.empty(block.size, np.uint8)
                self._keep(root, block.number)
            changed[block.number] = root
            if root.flags.writeable:
                np.copyto(bytes_of(root), given)
        if view is None:
            return None
        root = changed.get(view.block)
        if root is None:
            root = self._roots[view.block]()
        assert root is not None
        return array_of(view, bytes_of(root))


class HeldBlocks:
    """The blocks as the child has them.

    Arguments lie in memory of its own, which is filled with NaN before it is freed. Answers lie in
    the memory of the subject.
    """

    def __init__(self) -> None:
        self._next = itertools.count(-1, -1)
        self._arguments: dict[int, Array] = {}
        self._answers: dict[int, Array] = {}
        self._sent: dict[int, bytes] = {}

    def forget(self, numbers: Sequence[int]) -> None:
        """Free blocks. The memory of arguments is NaN then; that of the subject is not touched."""
        for number in numbers:
            self._sent.pop(number, None)
            self._answers.pop(number, None)
            if number in self._arguments:
                self._arguments.pop(number).fill(_NAN)

    def take(self, blocks: Sequence[Block], data: bytes) -> None:
        """Store what the judge has sent."""
        start = 0
        for block in blocks:
            sent = data[start : start + block.size]
            start += block.size
            if block.number not in self._arguments:
                self._arguments[block.number] = np.empty(block.size, np.uint8)
            np.copyto(self._arguments[block.number], np.frombuffer(sent, np.uint8))
            self._sent[block.number] = sent

    def array(self, view: View) -> Array:
        """Return an argument."""
        return array_of(view, self._arguments[view.block])

    def reshaped(self, arrays: Sequence[Array], views: Sequence[View]) -> tuple[View, ...]:
        """Return the arguments as they are after a call; nothing if it changed no view of them."""
        now = tuple(
            view_of(array, view.block, self._arguments[view.block])
            for array, view in zip(arrays, views, strict=True)
        )
        return () if now == tuple(views) else now

    def returned(self, answer: object) -> Returned:
        """Return what an answer is. An array becomes a block, or it is a view of an argument."""
        name = type_name(answer)
        if isinstance(answer, np.generic):
            answer = np.array(answer)
        if type(answer) is not np.ndarray:
            return Returned(type=name, view=None)
        dtype = answer.dtype
        if not (has_numbers(dtype) and dtype.isnative):
            return Returned(type=f"array of dtype {dtype}", view=None)
        if answer.nbytes > _LARGEST:
            return Returned(type=f"array of shape {answer.shape}", view=None)
        for number, block in self._arguments.items():
            if answer.size and np.may_share_memory(answer, block):
                return Returned(type=name, view=view_of(answer, number, block))
        number = next(self._next)
        self._answers[number] = answer
        return Returned(type=name, view=view_of(answer, number))

    def changed(self) -> dict[Block, bytes]:
        """Return the blocks that have changed since they were sent, and their bytes."""
        found = {}
        for held in (self._arguments, self._answers):
            for number, array in held.items():
                now = array.tobytes()
                if now != self._sent.get(number):
                    self._sent[number] = now
                    found[Block(number, len(now))] = now
        return found
