"""Reports to compare: each says of one implementation what its checks found."""

from hypothesis import settings
from hypothesis import strategies as st

from gradcert_reports import (
    Certificate,
    CheckResult,
    Direction,
    Option,
    Provenance,
    Regime,
    Report,
    Sample,
    Verdict,
)

BEST_FIRST = (
    Verdict.CONFORMS,
    Verdict.NOT_SUPPORTED,
    Verdict.INCOMPLETE,
    Verdict.BROKEN,
    Verdict.REFUTED,
)
LEVELS = ("faithful", "wide", "shifted", "log-softmax")
MIRRORED: dict[Direction, Direction] = {
    "worse": "better",
    "better": "worse",
    "gone": "appeared",
    "appeared": "gone",
}


def made_result(
    check: str = "accuracy",
    quantity: str = "dE/dz",
    format: str = "binary64",
    *,
    verdict: Verdict = Verdict.CONFORMS,
    rank: int | None = 0,
    budgets: float = 0.5,
) -> CheckResult:
    worst = None
    if rank is not None:
        worst = Sample(
            algorithm=LEVELS[rank],
            rank=rank,
            budgets=budgets,
            regime=Regime(shape="ties"),
            classes=2,
            largest_logit=1.0,
        )
    return CheckResult(
        check=check, quantity=quantity, format=format, verdict=verdict, examples=4, worst=worst
    )


def made_certificate(
    *results: CheckResult,
    name: str = "mine",
    origin: str = "mine",
    seed: int = 0,
    max_examples: int = 40,
    effort: str | None = None,
    loss: dict[str, Option] | None = None,
    domain: dict[str, Option] | None = None,
) -> Certificate:
    found = (result.verdict for result in results)
    verdict = max(found, key=BEST_FIRST.index, default=BEST_FIRST[0])
    conforms = verdict == Verdict.CONFORMS
    judged = [result for result in results if result.worst] if conforms else []
    return Certificate(
        name=name,
        origin=origin,
        summary="",
        quantities=(),
        formats=(),
        loss={"output": "softmax"} if loss is None else loss,
        domain={"targets": "probability"} if domain is None else domain,
        verdict=verdict,
        worst=max(
            judged, key=lambda result: result.worst.rank if result.worst else 0, default=None
        ),
        results=results,
        planned=len(results),
        diagnoses=(),
        provenance=Provenance(
            versions={},
            library="numpy",
            device="cpu",
            machine="",
            processor="",
            seed=seed,
            max_examples=max_examples,
            effort=effort,
            date="",
            duration=0.0,
            spent={},
        ),
    )


def made_report(*certificates: Certificate) -> Report:
    return Report(certificates=certificates)


def report_of(*results: CheckResult) -> Report:
    return made_report(made_certificate(*results))


results = st.builds(
    made_result,
    check=st.sampled_from(["accuracy", "many-classes"]),
    quantity=st.sampled_from(["loss", "dE/dz"]),
    format=st.sampled_from(["binary64", "bfloat16"]),
    verdict=st.just(BEST_FIRST[0]) | st.sampled_from(BEST_FIRST),
    rank=st.none() | st.integers(0, len(LEVELS) - 1),
    budgets=st.floats(0, 2),
)


options = st.dictionaries(st.sampled_from("ab"), st.none() | st.integers(0, 1))


@st.composite
def certificates(draw: st.DrawFn) -> Certificate:
    return made_certificate(
        *draw(st.lists(results, max_size=4)),
        name=draw(st.sampled_from(["mine", "theirs"])),
        origin=draw(st.sampled_from(["mine.py:f", "theirs.py:f"])),
        seed=draw(st.integers(0, 1)),
        max_examples=draw(st.integers(40, 41)),
        loss=draw(options),
        domain=draw(options),
    )


reports = st.builds(Report, certificates=st.lists(certificates(), max_size=3).map(tuple))
quick = settings(max_examples=200, deadline=None, database=None)
