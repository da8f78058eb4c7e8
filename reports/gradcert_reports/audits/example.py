"""An audit for the examples in docstrings and for tests."""

from gradcert_reports.audits.bound_records import (
    Advice,
    BoundAudit,
    Origin,
    RightBound,
    SizesOfValues,
    WrongAnswer,
)

__all__ = ["EXAMPLE"]

EXAMPLE = BoundAudit(
    command="gradcert audit --close atol=1e-2,rtol=0 --rows 2 --classes 3",
    gradcert="0.1.0",
    comparison="atol=1e-2,rtol=0",
    predicate="|got - want| <= 0.01 + 0 |want|",
    about=("dE/dz in binary32", "2 rows of 3 classes", "logits normal"),
    rows=2,
    classes=3,
    seeds=2,
    passing=(
        WrongAnswer(
            name="zero",
            sentence="an answer that is all zeros",
            origin=Origin.ANSWER,
            passed=2,
            change=1.0,
        ),
        WrongAnswer(
            name="no-shift",
            sentence="The largest logit is not subtracted",
            origin=Origin.FLAW,
            passed=1,
            change=None,
        ),
    ),
    killed=("sign-flipped",),
    no_mistake=("wrong-axis",),
    right_passes=1,
    sizes=SizesOfValues(decades=((-4, 5), (-3, 6)), zeros=1, below=12, count=12, largest=0.0042),
    atol=0.01,
    right_bound=RightBound(
        written="atol=1.2e-09,rtol=0",
        level="shifted",
        enclosed=4,
        rows=4,
        void=0,
        passing=("no-shift",),
    ),
    advice=(Advice(change="a sum in place of the mean", passing=0, tried=2),),
)
"""All kinds of findings, each once."""
