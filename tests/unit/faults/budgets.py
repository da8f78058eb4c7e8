"""Time budgets that are used up, wherever the time goes."""

from fault import Fault

_FOREVER = "\ndef f(logits, targets):\n    {}\n    return right(logits, targets)\n"

_DEADLOCK = """
import ctypes
def f(logits, targets):
    library, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(256)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)
"""


def _used_up(
    what: str, source: str, *says: str, seconds: int = 2, options: str = "", verdict: str = ""
) -> Fault:
    return Fault(
        what=what,
        source=source,
        command=f"gradcert certify kernel.py:f FEW --time-budget {seconds} {options}",
        status=1 if verdict == "refuted" else 3,
        verdict=verdict,
        says=("the time budget is used up", *says),
    )


FAULTS = (
    _used_up("a file that is imported for a minute", "time.sleep(60)", "no check has run"),
    _used_up(
        "an isolated subject whose file is imported for a minute",
        "time.sleep(60)",
        "no check has run",
        options="--isolate",
    ),
    _used_up(
        "a call of a minute",
        _FOREVER.format("time.sleep(60)"),
        "checks ran",
        seconds=8,
        verdict="incomplete",
    ),
    _used_up(
        "a call of a minute of an isolated subject",
        _FOREVER.format("time.sleep(60)"),
        "checks ran",
        seconds=15,
        options="--isolate",
        verdict="incomplete",
    ),
    _used_up(
        "a call that waits in native code, which no signal ends",
        _DEADLOCK,
        "the implementation does not return",
        seconds=8,
        verdict="incomplete",
    ),
    _used_up(
        "a call that catches all that is raised in it",
        _FOREVER.format(
            "while True:\n        try: time.sleep(60)\n        except BaseException: pass"
        ),
        "the implementation does not return",
        seconds=8,
        verdict="incomplete",
    ),
    _used_up(
        "a refuted subject that then sleeps for a minute",
        "def f(logits, targets):\n    if np.isnan(logits).any(): time.sleep(60)\n"
        "    return flipped(logits, targets)\n",
        "checks ran",
        seconds=20,
        verdict="refuted",
    ),
)
