"""Subjects that end the process in a call, or raise there what nobody expects."""

from fault import Fault

EXIT = "os._exit(0)"


def _in_call(body: str) -> str:
    return f"\ndef f(logits, targets):\n    {body}\n    return right(logits, targets)\n"


def _raising(error: str, *, before: str = "") -> str:
    return f"{before}\ndef f(logits, targets):\n    raise {error}\n"


SILENT = """
class Silent(Exception):
    def __str__(self):
        raise SystemExit(0)
"""

NAMELESS = """
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

PYTEST = "pytest --pyargs gradcert --gradcert kernel.py:f --gradcert-format fp64 -q -x "
PYTEST += "--gradcert-quick --gradcert-max-examples 5 --gradcert-report out -k 'first-call'"

FAULTS = (
    Fault(
        what="os._exit(0) in the first call",
        source=_in_call(EXIT),
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
        source=_in_call(EXIT),
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
        source=_raising("Silent()", before=SILENT),
        status=1,
        verdict="broken",
        says=("raised Silent: (its message raises SystemExit)",),
    ),
    Fault(
        what="an exception whose class raises for its name",
        source=_raising("Nameless('but not silent')", before=NAMELESS),
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
        source=_raising("Silent()", before=SILENT.replace("(Exception)", "(NotImplementedError)")),
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
        source=_in_call(EXIT),
        command=PYTEST,
        status=1,
        says=("raised SystemExit: os._exit(0)",),
    ),
    Fault(
        what="an exception whose message raises SystemExit, under pytest",
        source=_raising("Silent()", before=SILENT),
        command=PYTEST,
        status=1,
        says=("its message raises SystemExit",),
    ),
)
