"""What several tests of reports need."""

from collections.abc import Callable

import pytest


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.fixture(scope="session")
def contrast() -> Callable[[str, str], float]:
    """Return the function that computes the contrast of two colours after WCAG 2."""

    def ratio(text: str, ground: str) -> float:
        darker, lighter = sorted(map(_luminance, (text, ground)))
        return (lighter + 0.05) / (darker + 0.05)

    return ratio
