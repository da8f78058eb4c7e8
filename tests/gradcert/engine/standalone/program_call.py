"""The request to a program, byte by byte, and its answer."""

import base64
import shlex
import textwrap
import zlib
from math import prod
from typing import cast

from gradcert.engine.standalone.asked import Asked, Part
from gradcert.engine.standalone.numbers import SHORT, listed
from gradcert_implementations import QuantityName
from gradcert_implementations.adapters.program import request_of

__all__ = ["program_part"]

_WIDTH = 88

_UNPACKED = {"float64": "<d", "float32": "<f", "float16": "<e"}


def _data(data: bytes) -> list[str]:
    """Return lines that append bytes to the request."""
    if len(data) <= 8 * SHORT:
        text, opened, closed = data.hex(), "request += bytes.fromhex(", ")"
    else:
        text = base64.b64encode(zlib.compress(data, 9)).decode()
        opened, closed = "request += zlib.decompress(base64.b64decode(", "))"
    return [opened, *(f'    "{line}"' for line in textwrap.wrap(text, _WIDTH)), closed]


def program_part(asked: Asked, command: str) -> Part:
    """Return the part of a script that sends a program its request and reads the answer.

    Parameters
    ----------
    asked
        The call that the script makes.
    command
        The program and its arguments, quoted as for a shell.
    """
    claim = asked.claim
    quantity = cast("QuantityName", claim.quantity.name)
    arrays = claim.arguments(asked.evidence.case)
    targets = claim.implementation.domain.targets
    head, end, data = request_of(quantity, arrays, targets, claim.loss).partition(b"\n")
    size = arrays[0].itemsize
    start = asked.number * size
    returned = f"struct.unpack_from({_UNPACKED.get(asked.dtype)!r}, data, {start})[0]"
    if asked.dtype not in _UNPACKED:  # bfloat16 is the upper half of binary32.
        returned = f'struct.unpack("<f", bytes(2) + data[{start}:{start + size}])[0]'
    shown = [
        f"# {name}: {listed(array, '')}".replace(".inf", "inf")
        for name, array in zip(claim.names, arrays, strict=True)
        if array.size <= SHORT
    ]
    return Part(
        modules=("import json", "import struct", "import subprocess"),
        given=(
            *shown,
            f"request = {head + end!r}",
            *_data(data),
        ),
        lines=(
            f"command = {shlex.split(command)!r}",
            "done = subprocess.run(command, input=request, stdout=subprocess.PIPE)",
            'line, _, data = done.stdout.partition(b"\\n")',
            f'assert json.loads(line).get("shape") == {list(asked.shape)}, line',
        ),
        returned=returned.replace("'", '"'),
        demanded=(f"assert len(data) == {prod(asked.shape) * size}, data",),
    )
