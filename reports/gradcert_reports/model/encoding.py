"""A report as JSON: written, validated when it is read, and described by a JSON Schema."""

import inspect
import json
from typing import Any

import msgspec

from gradcert_reports.model.consistency import contradictions
from gradcert_reports.model.records import SCHEMA, Report
from gradcert_reports.model.version_1 import SCHEMA_1, Report1, upgraded

__all__ = ["READABLE", "decode", "encode", "json_schema", "schema_of"]

READABLE = (SCHEMA_1, SCHEMA)
"""The versions of the schema that can be read."""


class _Versioned(msgspec.Struct):
    schema: str


def schema_of(content: bytes) -> str:
    """Return the version of the schema that a file states; today's if it states none.

    Examples
    --------
    >>> schema_of(b'{"schema": "gradcert-report/1", "certificates": 3}')
    'gradcert-report/1'
    >>> schema_of(b"[]")
    'gradcert-report/2'
    """
    try:
        return msgspec.json.decode(content, type=_Versioned).schema
    except (ValueError, RecursionError):
        return SCHEMA


def encode(report: Report) -> bytes:
    """Return a report as JSON, with U+FFFD in place of half a character."""
    try:
        return msgspec.json.encode(report)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(report), ensure_ascii=False)
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return msgspec.json.encode(json.loads(whole))


def decode(content: bytes) -> Report:
    """Return the report in a ``certificate.json`` of version 1 or 2.

    Raises
    ------
    UnicodeDecodeError, msgspec.DecodeError
        If it is not JSON.
    msgspec.ValidationError
        If it is of another version, does not follow the schema or contradicts itself.

    Examples
    --------
    >>> decode(b'{"schema": "gradcert-report/1", "certificates": []}').schema
    'gradcert-report/2'
    """
    version = schema_of(content)
    if version == SCHEMA_1:
        report = upgraded(msgspec.json.decode(content, type=Report1))
    elif version == SCHEMA:
        report = msgspec.json.decode(content, type=Report)
    else:
        readable = " and ".join(map(repr, READABLE))
        raise msgspec.ValidationError(
            f"the schema is {version!r}, and this gradcert reads {readable}: "
            "use the version of gradcert that wrote it, or certify again - at `$.schema`"
        )
    for contradiction in contradictions(report):
        raise msgspec.ValidationError(contradiction)
    return report


def _same_everywhere(node: dict[str, Any]) -> dict[str, Any]:
    """Undo what depends on a version.

    Docstrings are indented before Python 3.13, and alternatives come in another order before
    msgspec 0.22.
    """
    if isinstance(node.get("description"), str):
        node["description"] = inspect.cleandoc(node["description"])
    if isinstance(node.get("anyOf"), list):
        node["anyOf"].sort(key=lambda option: (option == {"type": "null"}, str(option)))
    return node


def json_schema() -> bytes:
    """Return the JSON Schema of ``certificate.json``, as ``reports/schema/`` keeps it.

    Returns
    -------
    The schema as UTF-8 text, with a description of every record.

    Examples
    --------
    >>> json.loads(json_schema())["$ref"]
    '#/$defs/Report'
    """
    content = msgspec.json.encode(msgspec.json.schema(Report))
    schema = json.loads(content, object_hook=_same_everywhere)
    return msgspec.json.format(msgspec.json.encode(schema)) + b"\n"
