"""Reports that cannot be written or read, limits that nobody can keep, and working directories."""

from fault import Fault

_FULL = """
import resource
def f(logits, targets):
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    return right(logits, targets)
"""

_MOVING = """
def f(logits, targets):
    os.chdir("/")
    return flipped(logits, targets)
"""

_GONE = """
import shutil
def f(logits, targets):
    shutil.rmtree("out", ignore_errors=True)
    return right(logits, targets)
"""

_HUGE = "sh -c 'truncate -s 3G huge.json; ulimit -v 2500000; exec gradcert {} huge.json {}'"


def _report(what: str, folder: str, *says: str) -> Fault:
    """Return a report that cannot be written there."""
    return Fault(
        what=what,
        command=f"gradcert certify kernel.py:f --max-examples 5 --quick --report {folder}",
        status=2,
        says=("gradcert: cannot write a report to", "choose another --report", *says),
    )


REPORTS = (
    Fault(
        what="os.chdir at import, with a report in a relative folder",
        source="os.chdir('/')",
        status=0,
        verdict="conforms",
    ),
    Fault(what="os.chdir in a call", source=_MOVING, status=1, verdict="refuted"),
    Fault(
        what="a file that may not grow, from the first call on",
        source=_FULL,
        status=2,
        verdict="incomplete",
        says=("cannot write a report to", "File too large"),
    ),
    Fault(
        what="a call that removes the report's folder",
        source=_GONE,
        status=2,
        says=("cannot write a report to", "No such file or directory"),
    ),
    _report("a report folder with a name of 5,000 characters", "x" * 5000, "File name too long"),
    _report("a report folder that is a file", "kernel.py", "it is a file, and no folder"),
    _report("a report folder within a file", "kernel.py/below", "Not a directory"),
    _report("a report folder where none can be made", "/proc/none", "No such file or directory"),
    _report("a report folder in /dev/full", "/dev/full/x", "Not a directory"),
    Fault(
        what="a page of the report that is a folder",
        command="sh -c 'rm out/report.md; mkdir out/report.md; exec gradcert certify kernel.py:f "
        "--max-examples 5 --quick --report out'",
        status=2,
        says=("cannot write a report to",),
    ),
    Fault(
        what="a working directory that is gone",
        command="sh -c 'mkdir gone; cd gone; rmdir ../gone; exec gradcert certify numpy "
        "--report out'",
        status=2,
        says=("there is no working directory",),
    ),
)


def _limit(option: str) -> Fault:
    return Fault(
        what=f"a run with {option}",
        command=f"gradcert certify kernel.py:f {option}",
        status=2,
        says=(option.split(maxsplit=1)[0],),
    )


LIMITS = (
    _limit("--memory-limit 1e30"),
    _limit("--memory-limit nan"),
    _limit("--time-limit nan"),
    _limit("--time-budget nan"),
    Fault(
        what="a seed that is a word",
        command="gradcert certify kernel.py:f --seed tuesday",
        status=2,
        says=("is no seed; expected an integer from 0 up, or random",),
    ),
    Fault(
        what="a time budget that no clock can count",
        command="gradcert certify kernel.py:f FEW --time-budget 1e30",
        status=0,
        verdict="conforms",
    ),
)

READ = (
    *(
        Fault(
            what=f"{command} of a file of 3 GB in 2.5 GB of memory",
            command=_HUGE.format(command, rest),
            status=2,
            says=("not enough memory",),
        )
        for command, rest in (("render", ""), ("diff", "huge.json"), ("merge", "--report out"))
    ),
    *(
        Fault(
            what=f"{command} of a path of 5,000 characters",
            command=f"gradcert {command}",
            status=2,
            says=("File name too long",),
        )
        for command in (
            f"render {'x' * 5000}",
            f"diff {'x' * 5000} out",
            f"merge {'x' * 5000} --report out",
        )
    ),
)

FAULTS = (*REPORTS, *LIMITS, *READ)
