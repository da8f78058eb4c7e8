"""Standard streams that are closed, full, narrow, or know few characters."""

from fault import Fault

_LONG = "fused_cross_entropy_backward_kernel_of_somebody_else_with_a_name_that_is_very_long"
_GLYPHS = ("Traceback", "≥", "─", "\ufffd")

ENCODINGS = (
    *(
        Fault(
            what=f"a terminal that knows {encoding} only",
            command="gradcert certify kernel.py:f FEW",
            environment={"PYTHONIOENCODING": encoding},
            status=0,
            verdict="conforms",
            says=("f ", "conforms", ">=0."),
            silent_on=_GLYPHS,
        )
        for encoding in ("ascii", "latin-1", "cp1252")
    ),
    Fault(
        what="a name that the terminal has no letters for",
        source="def grädient(logits, targets): return flipped(logits, targets)",
        command="gradcert certify kernel.py:grädient FEW",
        environment={"PYTHONIOENCODING": "ascii"},
        status=1,
        verdict="refuted",
        says=("gr\\xe4dient", "refuted"),
        silent_on=_GLYPHS,
    ),
    Fault(
        what="a name with half a character",
        source="f.__name__ = 'half\\udcff'",
        status=0,
        verdict="conforms",
    ),
    Fault(
        what="the list of flaws on a terminal that knows ascii only",
        command="gradcert list --flaws",
        environment={"PYTHONIOENCODING": "ascii"},
        status=0,
        says=("diagonal-only",),
        silent_on=_GLYPHS,
    ),
    Fault(
        what="a plan on a terminal that knows latin-1 only",
        command="gradcert plan kernel.py:f --quick --format fp64",
        environment={"PYTHONIOENCODING": "latin-1"},
        status=0,
        says=("accuracy",),
        silent_on=_GLYPHS,
    ),
    Fault(
        what="an encoding whose errors are handled by the user's choice",
        environment={"PYTHONIOENCODING": "ascii:replace"},
        status=0,
        verdict="conforms",
        says=("? 0.",),
    ),
)


def _streams(redirections: str, status: int, *says: str, options: str = "") -> Fault:
    return Fault(
        what=f"a run with {redirections} {options}".strip(),
        command=f"gradcert certify kernel.py:f FEW {options} {redirections}",
        status=status,
        verdict="conforms",
        says=says,
    )


_CANNOT = "gradcert: cannot write to standard output: "

STREAMS = (
    _streams(">&-", 4, f"{_CANNOT}it is closed"),
    _streams(">/dev/full", 4, f"{_CANNOT}No space left on device"),
    _streams(">/dev/full", 4, f"{_CANNOT}No space left on device", options="--json"),
    _streams("2>&-", 0, "conforms"),
    _streams("2>/dev/full", 0, "conforms"),
    _streams("<&-", 0, "conforms"),
    _streams("<&-", 0, "conforms", options="--isolate"),
    _streams("<&- 2>&-", 0, "conforms", options="--isolate"),
    _streams("<&- >&- 2>&-", 4),
    _streams("</dev/full", 0, "conforms"),
    *(
        Fault(what=line, command=line, status=4, says=(_CANNOT,))
        for line in (
            "gradcert --help >/dev/full",
            "gradcert list >/dev/full",
            "gradcert list >&-",
            "gradcert explain diagonal-only >/dev/full",
            "gradcert plan kernel.py:f --quick --format fp64 >/dev/full",
        )
    ),
    *(
        Fault(
            what=f"a subject that does {source} at import",
            source=source,
            status=0,
            verdict="conforms",
            says=("conforms",),
        )
        for source in (
            "os.close(1)",
            "os.close(2)",
            "os.close(0)",
            "sys.stdout.close()",
            "sys.__stdout__.close()",
            "sys.stderr.close()",
            "sys.stderr = None",
            "os.closerange(0, 3)",
            "print('mine')",
        )
    ),
)

WIDTHS = (
    *(
        Fault(
            what=f"a terminal of {columns} columns and a name of {len(_LONG)} characters",
            source=f"{_LONG} = right",
            command=f"gradcert certify kernel.py:{_LONG} FEW",
            environment={"COLUMNS": str(columns)},
            status=0,
            verdict="conforms",
            says=(f"{_LONG}\n", "conforms"),
            silent_on=("Traceback", "..."),
        )
        for columns in (20, 40, 80)
    ),
    Fault(
        what="a terminal of one column",
        environment={"COLUMNS": "1"},
        status=0,
        verdict="conforms",
        says=("f\n",),
    ),
    Fault(
        what="a terminal whose width is no number",
        environment={"COLUMNS": "wide"},
        status=0,
        verdict="conforms",
        says=("f ", "conforms"),
    ),
)

FAULTS = (*ENCODINGS, *STREAMS, *WIDTHS)
