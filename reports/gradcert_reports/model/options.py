"""The options of a loss and of a domain: which of them differ, and how they are written."""

from collections.abc import Mapping, Sequence

from gradcert_reports.model.records import Option

__all__ = ["differing", "option", "options", "value"]


def differing(records: Sequence[Mapping[str, Option]]) -> list[str]:
    """Return the names of the options whose values differ; an option that is left out is None.

    Examples
    --------
    >>> differing([{"output": "softmax"}, {"output": "sigmoid", "softcap": None}])
    ['output']
    """
    names = dict.fromkeys(name for record in records for name in record)
    return [name for name in names if len({record.get(name) for record in records}) > 1]


def value(given: Option) -> str:
    """Return the value of an option in words.

    Examples
    --------
    >>> value(10000.0), value(0.1), value(True), value(None)
    ('10000', '0.1', 'yes', 'not given')
    """
    if given is None:
        return "not given"
    if isinstance(given, bool):
        return "yes" if given else "no"
    return str(given).removesuffix(".0") if isinstance(given, float) else str(given)


def option(name: str, given: Option) -> str:
    """Return an option with its value in words.

    Examples
    --------
    >>> option("largest_logit", 10000.0), option("softcap", None)
    ('largest logit 10000', 'softcap not given')
    """
    return f"{name.replace('_', ' ')} {value(given)}"


def options(record: Mapping[str, Option]) -> str:
    """Return the options of a loss or of a domain in one line.

    Examples
    --------
    >>> options({"targets": "any", "fewest_classes": 1}), options({})
    ('targets any, fewest classes 1', 'not recorded')
    """
    return ", ".join(option(*item) for item in record.items()) or "not recorded"
