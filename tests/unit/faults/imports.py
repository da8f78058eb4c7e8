"""Subjects that end the process when they are imported, and SPECs that name no subject."""

from exits import EXIT, NAMELESS, PYTEST, SILENT
from fault import Fault


def _at_import(what: str, source: str, *says: str, status: int = 2) -> Fault:
    return Fault(what=f"{what} at import", source=source, status=status, says=says)


AT_IMPORT = (
    _at_import("os._exit(0)", EXIT, "does not import: SystemExit: os._exit(0)"),
    _at_import("os._exit(7)", "os._exit(7)", "SystemExit: os._exit(7)"),
    _at_import("sys.exit", "sys.exit('bye')", "SystemExit: bye"),
    _at_import("importorskip", "import pytest; pytest.importorskip('nowhere')", "could not import"),
    _at_import("GeneratorExit", "raise GeneratorExit", "does not import: GeneratorExit"),
    _at_import("StopIteration", "raise StopIteration", "does not import: StopIteration"),
    _at_import(
        "a BaseException", "class Mine(BaseException): pass\nraise Mine('own')", "Mine: own"
    ),
    _at_import("a silent exception", f"{SILENT}\nraise Silent", "its message raises SystemExit"),
    _at_import("a nameless exception", f"{NAMELESS}\nraise Nameless", "Nameless"),
    _at_import("endless recursion", "def g(): g()\ng()", "RecursionError"),
    _at_import("MemoryError", "raise MemoryError", "does not import: MemoryError"),
    _at_import("a NUL", "\0", "does not import"),
    _at_import("KeyboardInterrupt", "raise KeyboardInterrupt", "no check has run", status=130),
    _at_import("SIGINT", "os.kill(os.getpid(), signal.SIGINT)", "no check has run", status=130),
    _at_import("SIGTERM", "os.kill(os.getpid(), signal.SIGTERM)", "no check has run", status=130),
    _at_import("SIGKILL", "os.kill(os.getpid(), signal.SIGKILL)", status=-9),
    _at_import(
        "a module that raises for its attributes",
        "del f\ndef __getattr__(name): raise RuntimeError('no attribute for you')",
        "RuntimeError: no attribute for you",
    ),
    _at_import(
        "an object without a class",
        "class Odd:\n    __class__ = property(lambda self: 1 / 0)\n"
        "    def __call__(self, logits, targets): return right(logits, targets)\nf = Odd()",
        "ZeroDivisionError",
    ),
    _at_import(
        "an object whose name is no text",
        "f = type('Odd', (), {'__call__': lambda self, a, b: right(a, b), '__name__': 5})()",
        "kernel.py:f",
    ),
    Fault(
        what="sys.exit replaced at import",
        source="sys.exit = lambda status=0: None; f = flipped",
        status=5,
        verdict="refuted",
        says=("ended without a status",),
    ),
    Fault(
        what="numpy.abs replaced at import",
        source="np.abs = None",
        status=5,
        verdict="incomplete",
        says=("gradcert: failed with TypeError", "try --isolate"),
    ),
    Fault(
        what="os._exit(0) at import of an isolated subject",
        source=EXIT,
        command="gradcert certify kernel.py:f FEW --isolate",
        status=2,
        says=("does not load: it ended its process",),
    ),
    Fault(
        what="importorskip at import of an isolated subject",
        source="import pytest; pytest.importorskip('nowhere')",
        command="gradcert certify kernel.py:f FEW --isolate",
        status=2,
        says=("could not import",),
    ),
    Fault(
        what="os._exit(0) in what a SPEC calls",
        source="def make(): os._exit(0)",
        command="gradcert certify 'kernel.py:make()' FEW",
        status=2,
        says=("cannot be called with these arguments: SystemExit: os._exit(0)",),
    ),
    Fault(
        what="os._exit(0) at import, for a plan",
        source=EXIT,
        command="gradcert plan kernel.py:f",
        status=2,
        says=("does not import: SystemExit: os._exit(0)",),
    ),
    Fault(
        what="os._exit(0) at import under pytest",
        source=EXIT,
        command=PYTEST,
        status=4,
        says=("does not import: SystemExit: os._exit(0)",),
    ),
    Fault(
        what="importorskip at import under pytest",
        source="import pytest; pytest.importorskip('nowhere')",
        command=PYTEST,
        status=4,
        says=("does not import: Skipped",),
    ),
    Fault(
        what="GeneratorExit at import under pytest",
        source="raise GeneratorExit",
        command=PYTEST,
        status=4,
        says=("does not import: GeneratorExit",),
    ),
)


def _spec(what: str, spec: str, *says: str) -> Fault:
    return Fault(what=what, command=f"gradcert certify {spec} FEW", status=2, says=says)


SPECS = (
    _spec("a SPEC of 5,000 characters", "x" * 5000, "unknown implementation", " ... "),
    _spec("a file's name of 5,000 characters", f"{'x' * 5000}.py:f", "File name too long"),
    _spec("a module's name of 5,000 characters", f"{'x' * 5000}:f", "gradcert: "),
    _spec("a path of 5,000 characters", f"{'x/' * 2500}k.py:f", "gradcert: "),
    _spec("a function's name of 5,000 characters", f"kernel.py:{'f' * 5000}", "gradcert: "),
    _spec("a SPEC with a call of 5,000 brackets", f"'kernel.py:f({'(' * 5000})'", "literals"),
    _spec("a folder in place of a file", ".:f", "gradcert: "),
    _spec("a device in place of a file", "/dev/null:f", "gradcert: "),
    _spec("an adapter of 5,000 characters", f"torch:{'x' * 5000}.py:f", "gradcert: "),
)

FAULTS = (*AT_IMPORT, *SPECS)
