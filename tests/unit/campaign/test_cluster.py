"""Searches with a real scheduler and three real workers on loopback."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from standalone_subjects import PROGRAM

from gradcert_reports.searches.records import Search

GRADCERT = Path(sys.executable).with_name("gradcert")
DASK = Path(sys.executable).with_name("dask")
SUBJECT = """
import numpy as np

def right(logits, targets):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets

def planted(logits, targets):
    gradient = right(logits, targets)
    if logits.dtype == np.float16 and logits.shape[1] == 2:
        gradient[logits[:, 0] == np.float16(-3.140625)] *= 1.25
    return gradient
"""
WAIT = 300
"""A busy machine needs seconds to start a process."""


def _started(command: list[str], log: Path, folder: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=folder)


def _said(log: Path, text: str) -> str:
    """Return the line of a log that has this text, once it does."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        for line in log.read_text().splitlines():
            if text in line:
                return line
        time.sleep(0.1)
    raise AssertionError(f"{log} never said {text}: {log.read_text()}")


class Cluster:
    """A scheduler and three workers."""

    def __init__(self, folder: Path) -> None:
        log = folder / "scheduler.log"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self.scheduler = _started([str(DASK), "scheduler", *options], log, folder)
        self.address = _said(log, "Scheduler at:").split()[-1]
        self.workers = []
        for number in range(3):
            log = folder / f"worker-{number}.log"
            options = ["--nthreads", "1", "--no-dashboard", "--no-nanny"]
            command = [str(DASK), "worker", self.address, *options]
            self.workers.append(_started(command, log, folder))
        for number in range(3):
            _said(folder / f"worker-{number}.log", "Registered to")

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def _other_worker(
    cluster: Cluster,
    folder: Path,
    *,
    version: str,
    threads: int = 1,
    hidden: str = "",
    changed: str = "",
) -> "subprocess.Popen[bytes]":
    """Start a worker with another version of numpy, without a library, or with changed code."""
    code = (
        f"{changed}\n"
        "import importlib.metadata as m, sys\n"
        "known = m.version\n"
        f"m.version = lambda name: {version} if name == 'numpy' else known(name)\n"
        f"sys.modules[{hidden!r}] = None\n"
        "from distributed.cli.dask_worker import main\n"
        f"main(['{cluster.address}', '--nthreads', '{threads}', '--no-dashboard', "
        "'--no-nanny'])\n"
    )
    log = folder / "other.log"
    other = _started([sys.executable, "-c", code], log, folder)
    _said(log, "Registered to")
    return other


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the user, with a subject; the workers run elsewhere."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "mine.py").write_text(SUBJECT)
    return folder


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        found = Cluster(tmp_path)
        stack.callback(found.end)
        yield found


def _search(home: Path, into: Path, *arguments: str, program: str = "") -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", program] if program else [str(GRADCERT)]
    return subprocess.Popen(
        [*command, "search", *arguments, "--into", str(into)],
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _done(search: "subprocess.Popen[str]", into: Path, status: int = 0) -> Search:
    """Return what a search found, without its times."""
    out, err = search.communicate(timeout=WAIT)
    assert search.returncode == status, out + err
    found = msgspec.json.decode((into / "search.json").read_bytes(), type=Search)
    claims = tuple(
        msgspec.structs.replace(
            claim,
            parts=tuple(msgspec.structs.replace(part, seconds=0.0) for part in claim.parts),
        )
        for claim in found.claims
    )
    return msgspec.structs.replace(found, claims=claims, seconds=0.0, date="", command="")


DRAWN = ("mine.py:right", "--quantity", "dE/dz", "--format", "fp32", "--rows", "8e5")


@pytest.fixture(scope="module")
def alone(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Search:
    """What one worker on this machine finds."""
    into = tmp_path_factory.mktemp("alone")
    return _done(_search(home, into, *DRAWN, "--jobs", "1"), into)


def _lines(into: Path) -> int:
    file = into / "blocks.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def _wait_for_blocks(into: Path, count: int) -> None:
    end = time.monotonic() + WAIT
    while _lines(into) < count:
        assert time.monotonic() < end, "no block is done"
        time.sleep(0.02)


def test_three_workers_find_what_one_does_and_one_that_is_killed_changes_nothing(
    home: Path, cluster: Cluster, alone: Search, tmp_path: Path
) -> None:
    into = tmp_path / "night"
    search = _search(home, into, *DRAWN, "--cluster", cluster.address)
    _wait_for_blocks(into, 2)
    cluster.workers[1].send_signal(signal.SIGKILL)
    assert _done(search, into) == alone


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_was_stopped_goes_on_and_finds_the_same(
    home: Path, alone: Search, tmp_path: Path, number: int
) -> None:
    into = tmp_path / "night"
    search = _search(home, into, *DRAWN)
    _wait_for_blocks(into, 2)
    report = _search(home, into, "--report")
    said = report.communicate(timeout=WAIT)
    assert report.returncode == 0, said
    assert "no row is wrong among" in said[0]
    assert search.poll() is None, "the search was over before the report"
    search.send_signal(number)
    out, err = search.communicate(timeout=WAIT)
    assert search.returncode == 130, out + err
    assert "goes on from here" in err
    assert "Traceback" not in err
    done = _lines(into)
    assert done >= 2
    assert (into / "index.html").exists()
    found = _done(_search(home, into), into)
    assert found == alone
    assert _lines(into) > done


def test_a_search_whose_scheduler_is_lost_says_so_and_goes_on_elsewhere(
    home: Path, cluster: Cluster, alone: Search, tmp_path: Path
) -> None:
    into = tmp_path / "night"
    search = _search(home, into, *DRAWN, "--cluster", cluster.address)
    _wait_for_blocks(into, 1)
    cluster.scheduler.kill()
    out, err = search.communicate(timeout=WAIT)
    assert search.returncode == 3, out + err
    assert err.splitlines()[0].startswith("gradcert: the scheduler is gone")
    assert "Traceback" not in err
    assert _done(_search(home, into), into) == alone


QUICK = ("mine.py:right", "--format", "fp32", "--domain", "classes=3", "--hours", "1")
"""Its first block is done soon."""

SOON = """
import gradcert.campaign.crew as crew
crew._GRACE = 1
from gradcert.cli import main
main()
"""


def test_a_search_whose_workers_are_all_lost_says_so_and_keeps_what_was_found(
    home: Path, cluster: Cluster, tmp_path: Path
) -> None:
    into = tmp_path / "night"
    search = _search(home, into, *QUICK, "--cluster", cluster.address, program=SOON)
    _wait_for_blocks(into, 1)
    for worker in cluster.workers:
        worker.kill()
    out, err = search.communicate(timeout=WAIT)
    assert search.returncode == 3, out + err
    way_on = f"gradcert search --into {into} goes on from here"
    assert err.splitlines()[0] == f"gradcert: all workers are gone; {way_on}"
    assert "Traceback" not in err
    assert f"wrote {into}/index.html" in err.splitlines()
    assert _lines(into) >= 1


def test_a_worker_that_joins_late_and_would_find_other_things_is_one_clear_line(
    home: Path, cluster: Cluster, tmp_path: Path
) -> None:
    into = tmp_path / "night"
    search = _search(home, into, *QUICK, "--cluster", cluster.address)
    _wait_for_blocks(into, 1)
    # One without gradcert cannot read a block, and ends itself; others do its blocks.
    _other_worker(cluster, tmp_path, version="known(name)", hidden="gradcert").wait(WAIT)
    assert search.poll() is None
    other = _other_worker(cluster, tmp_path, version="'another'")
    try:
        out, err = search.communicate(timeout=WAIT)
    finally:
        other.kill()
        other.wait()
    assert search.returncode == 3, out + err
    assert "has numpy another, and not" in err.splitlines()[0]
    assert "goes on from here" in err.splitlines()[0]
    assert "Traceback" not in err


def test_a_program_and_an_isolated_subject_are_examined_by_the_workers_of_a_scheduler(
    home: Path, cluster: Cluster, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace("SIGN", "1"))
    few = ("--format", "fp32", "--domain", "classes=3", "--rows", "2e4")
    spec = f"command:{sys.executable} {program}"
    on = ("--quantity", "dE/dz", "--cluster", cluster.address)
    for place, search in enumerate(((spec,), ("mine.py:right", "--isolate"))):
        into = tmp_path / str(place)
        assert _done(_search(home, into, *search, *few, *on), into).rows >= 2e4


def test_a_flaw_at_one_of_all_numbers_of_binary16_is_found(home: Path, tmp_path: Path) -> None:
    search = _search(
        home, tmp_path, "mine.py:planted", "--quantity", "dE/dz", "--format", "half", "--exhaustive"
    )
    found = _done(search, tmp_path, status=1)
    (claim,) = found.claims
    assert claim.found is not None
    assert claim.found.result.discrepancy is not None
    (logits,) = claim.found.result.discrepancy.arguments["logits"]
    assert logits == ("-3.140625", "0.0")
    assert claim.exhaustive == ""


@pytest.mark.parametrize(
    ("threads", "version", "changed", "said"),
    [
        (1, "'another'", "", "has numpy another, and not"),
        (1, "known('no such library')", "", "has no numpy;"),
        (2, "known(name)", "", "has 2 threads, and a subject is examined by one: start it with"),
        (
            1,
            "known(name)",
            "import gradcert.campaign.crew as crew; crew.code = lambda: 'another'",
            "has gradcert 0.1.0+another, and not 0.1.0+",
        ),
    ],
)
def test_a_worker_that_would_find_other_things_is_one_clear_line(
    home: Path,
    cluster: Cluster,
    tmp_path: Path,
    threads: int,
    version: str,
    changed: str,
    said: str,
) -> None:
    other = _other_worker(cluster, tmp_path, version=version, threads=threads, changed=changed)
    try:
        search = _search(home, tmp_path / "night", *DRAWN, "--cluster", cluster.address)
        out, err = search.communicate(timeout=WAIT)
    finally:
        other.kill()
        other.wait()
    assert search.returncode == 2, out + err
    assert len(err.splitlines()) == 1
    assert said in err
    assert not (tmp_path / "night" / "started.json").exists()


def test_a_subject_that_cannot_travel_is_one_clear_line(
    home: Path, cluster: Cluster, tmp_path: Path
) -> None:
    (home / "beside.py").write_text("from mine import right\n")
    into = tmp_path / "night"
    command = ["beside.py:right", "--rows", "1e5", "--cluster", cluster.address]
    search = _search(home, into, *command)
    out, err = search.communicate(timeout=WAIT)
    assert (search.returncode, out) == (2, ""), out + err
    (line,) = err.splitlines()
    assert "cannot load beside.py:right" in line
    assert "No module named 'mine'" in line
