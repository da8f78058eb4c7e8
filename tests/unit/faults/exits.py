"""Subjects that end the process, or raise what nobody expects."""

from fault import Fault

_EXIT = "os._exit(0)"


def _in_call(body: str) -> str:
    return f"\ndef f(logits, targets):\n    {body}\n    return right(logits, targets)\n"


def _raising(error: str, *, before: str = "") -> str:
    return f"{before}\ndef f(logits, targets):\n    raise {error}\n"


_SILENT = """
class Silent(Exception):
    def __str__(self):
        raise SystemExit(0)
"""

_NAMELESS = """
class Meta(type):
    @property
    def __name__(cls):
        raise SystemExit(0)

class Nameless(Exception, metaclass=Meta):
    pass
"""

_TRICKY = """
class Text(str):
    def __iter__(self):
        raise SystemExit(0)

class Tricky(Exception):
    def __str__(self):
        return Text("tricky")
"""

_TWICE = """
def f(logits, targets):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
"""

_DROPPED = """
import gc
sent = False
def signalled(phase, info):
    global sent
    if not sent:
        sent = True
        os.kill(os.getpid(), signal.SIGINT)

def f(logits, targets):
    gc.callbacks.append(signalled)
    gc.collect()
    gc.callbacks.remove(signalled)
    time.sleep(0.1)
    return right(logits, targets)
"""

_LATER = """
calls = 0
def f(logits, targets):
    global calls
    calls += 1
    if calls == 40:
        os._exit(0)
    return right(logits, targets)
"""

_PYTEST = "pytest --pyargs gradcert --gradcert kernel.py:f --gradcert-format fp64 -q -x "
_PYTEST += "--gradcert-quick --gradcert-max-examples 5 --gradcert-report out -k 'first-call'"

IN_CALLS = (
    Fault(
        what="os._exit(0) in the first call",
        source=_in_call(_EXIT),
        status=1,
        verdict="broken",
        says=("raised SystemExit: os._exit(0)",),
    ),
    Fault(
        what="os._exit(0) in a later call",
        source=_LATER,
        status=1,
        verdict="broken",
        says=("raised SystemExit: os._exit(0)",),
    ),
    Fault(
        what="os._exit(3) in a call",
        source=_in_call("os._exit(3)"),
        status=1,
        verdict="broken",
        says=("os._exit(3)",),
    ),
    Fault(
        what="os._exit that was taken at import, and is called",
        source="from os import _exit\n" + _in_call("_exit(0)"),
        status=1,
        verdict="broken",
    ),
    Fault(
        what="os._exit(0) in a call of an isolated subject",
        source=_in_call(_EXIT),
        command="gradcert certify kernel.py:f FEW --isolate",
        status=1,
        verdict="broken",
    ),
    Fault(
        what="os._exit(0) in a thread that a call starts",
        source=_in_call("threading.Thread(target=os._exit, args=(0,)).start()"),
        status=0,
        verdict="conforms",
    ),
    Fault(
        what="os._exit(0) in a thread between calls",
        source="threading.Timer(0.2, lambda: os._exit(0)).start()\n",
        status=0,
        verdict="conforms",
    ),
    Fault(
        what="a child that a call forks, and that ends itself",
        source=_in_call("os.fork() or os._exit(0)"),
        status=0,
        verdict="conforms",
    ),
    Fault(
        what="os.abort in a call",
        source=_in_call("os.abort()"),
        status=-6,
        verdict="incomplete",
    ),
    Fault(
        what="a refuted subject that ends the process with 0 when Python exits",
        source="import atexit; atexit.register(os._exit, 0); f = flipped\n",
        status=1,
        verdict="refuted",
    ),
    Fault(what="sys.exit(0)", source=_in_call("sys.exit(0)"), status=1, verdict="broken"),
    Fault(
        what="an exception whose message raises SystemExit",
        source=_raising("Silent()", before=_SILENT),
        status=1,
        verdict="broken",
        says=("raised Silent: (its message raises SystemExit)",),
    ),
    Fault(
        what="an exception whose class raises for its name",
        source=_raising("Nameless('but not silent')", before=_NAMELESS),
        status=1,
        verdict="broken",
        says=("raised Nameless: but not silent",),
    ),
    Fault(
        what="an exception whose message is a text that cannot be read",
        source=_raising("Tricky()", before=_TRICKY),
        status=1,
        verdict="broken",
        says=("raised Tricky",),
    ),
    Fault(
        what="an exception with a message of ten million characters",
        source=_raising("ValueError('x' * 10**7)"),
        status=1,
        verdict="broken",
        silent_on=("Traceback", "x" * 400),
    ),
    Fault(
        what="a NotImplementedError whose message raises",
        source=_raising("Silent()", before=_SILENT.replace("(Exception)", "(NotImplementedError)")),
        status=1,
        verdict="not supported",
        says=("its message raises SystemExit",),
    ),
    Fault(what="GeneratorExit", source=_raising("GeneratorExit"), status=1, verdict="broken"),
    Fault(what="StopIteration", source=_raising("StopIteration"), status=1, verdict="broken"),
    Fault(what="a BaseException", source=_raising("BaseException"), status=1, verdict="broken"),
    Fault(
        what="pytest.skip in a call",
        source="import pytest\n" + _in_call("pytest.skip('not here')"),
        status=1,
        verdict="broken",
        says=("raised Skipped",),
    ),
    Fault(
        what="a second Ctrl-C",
        source=_TWICE,
        status=130,
        verdict="incomplete",
        says=("interrupted again: ended at once",),
    ),
    Fault(
        what="Ctrl-C in a callback of the garbage collector, where Python drops it",
        source=_DROPPED,
        status=130,
        verdict="incomplete",
        says=("checks ran",),
    ),
    Fault(
        what="numpy.abs replaced in a call",
        source=_in_call("np.abs = None"),
        status=5,
        verdict="incomplete",
        says=("gradcert: failed with TypeError", "try --isolate"),
    ),
    Fault(
        what="numpy.abs replaced in a call by what ends the process with 0",
        source=_in_call("np.abs = lambda *_, **__: sys.exit(0)"),
        status=5,
        verdict="incomplete",
        says=("gradcert: failed with RuntimeError: SystemExit: 0", "try --isolate"),
    ),
    Fault(
        what="class weights that end the process with 0",
        source="def weights(classes): sys.exit(0)",
        command="gradcert certify numpy --loss class_weights=kernel.py:weights FEW",
        status=2,
        says=("gradcert: numpy: class_weights raised SystemExit for",),
    ),
    Fault(
        what="os._exit(0) in a call under pytest",
        source=_in_call(_EXIT),
        command=_PYTEST,
        status=1,
        says=("raised SystemExit: os._exit(0)",),
    ),
    Fault(
        what="an exception whose message raises SystemExit, under pytest",
        source=_raising("Silent()", before=_SILENT),
        command=_PYTEST,
        status=1,
        says=("its message raises SystemExit",),
    ),
)


def _at_import(what: str, source: str, *says: str, status: int = 2) -> Fault:
    return Fault(what=f"{what} at import", source=source, status=status, says=says)


AT_IMPORT = (
    _at_import("os._exit(0)", _EXIT, "does not import: SystemExit: os._exit(0)"),
    _at_import("os._exit(7)", "os._exit(7)", "SystemExit: os._exit(7)"),
    _at_import("sys.exit", "sys.exit('bye')", "SystemExit: bye"),
    _at_import("importorskip", "import pytest; pytest.importorskip('nowhere')", "could not import"),
    _at_import("GeneratorExit", "raise GeneratorExit", "does not import: GeneratorExit"),
    _at_import("StopIteration", "raise StopIteration", "does not import: StopIteration"),
    _at_import(
        "a BaseException", "class Mine(BaseException): pass\nraise Mine('own')", "Mine: own"
    ),
    _at_import("a silent exception", f"{_SILENT}\nraise Silent", "its message raises SystemExit"),
    _at_import("a nameless exception", f"{_NAMELESS}\nraise Nameless", "Nameless"),
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
        source=_EXIT,
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
        says=("cannot be called so: SystemExit: os._exit(0)",),
    ),
    Fault(
        what="os._exit(0) at import, for a plan",
        source=_EXIT,
        command="gradcert plan kernel.py:f",
        status=2,
        says=("does not import: SystemExit: os._exit(0)",),
    ),
    Fault(
        what="os._exit(0) at import under pytest",
        source=_EXIT,
        command=_PYTEST,
        status=4,
        says=("does not import: SystemExit: os._exit(0)",),
    ),
    Fault(
        what="importorskip at import under pytest",
        source="import pytest; pytest.importorskip('nowhere')",
        command=_PYTEST,
        status=4,
        says=("does not import: Skipped",),
    ),
    Fault(
        what="GeneratorExit at import under pytest",
        source="raise GeneratorExit",
        command=_PYTEST,
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

FAULTS = (*IN_CALLS, *AT_IMPORT, *SPECS)
