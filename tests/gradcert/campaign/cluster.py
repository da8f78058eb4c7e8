"""Where blocks are examined: Dask's workers, on this machine or wherever a scheduler runs."""

import logging
import os
import shutil
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from gradcert.campaign.blocks import Block
from gradcert.campaign.crew import ClusterError, Crew, NoClusterError, unlike, versions
from gradcert.campaign.journal import Started
from gradcert.campaign.requests import PROGRAM, changed, in_file
from gradcert_implementations import SpecError
from gradcert_reports.searches.records import SearchedBlock

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["connected", "results"]

_SECONDS = 10
"""Seconds in which a scheduler must answer."""

_MOMENT = 0.01
"""Seconds between two looks at the blocks under way."""

_AHEAD = 3
"""Blocks that are sent for each worker, so that none waits for the next one."""


def _silence() -> None:
    """Let nothing that a subject prints reach the streams of the command, which workers share."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


@contextmanager
def _own_workers(count: int) -> Iterator[Crew]:
    from distributed import Client, LocalCluster

    try:
        cluster = LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # Two searches may run at the same time.
            silence_logs=logging.CRITICAL,
        )
    except OSError as error:
        raise NoClusterError(f"no workers can be started here: {error}") from error
    with cluster, Client(cluster) as client:
        client.register_worker_callbacks(_silence)
        yield Crew(client)


def _crew_of(client: "Client", address: str, started: Started) -> Crew:
    """Return the workers of a scheduler, which have the file of the subject."""
    crew = Crew(client)
    if not crew.workers:
        raise NoClusterError(
            f"the scheduler at {address} has no workers; start some: dask worker {address} "
            "--nthreads 1 --nworkers auto"
        )
    crew.compare(started.versions)
    place = in_file(started.request.spec)
    if place is not None:
        with TemporaryDirectory() as folder:
            copy = shutil.copy(place.file, Path(folder, place.copy))
            client.upload_file(str(copy), load=False)
    return crew


@contextmanager
def connected(address: str | None, workers: int, started: Started) -> Iterator[Crew]:
    """Connect to a scheduler, or start workers on this machine.

    Parameters
    ----------
    address
        The address of a scheduler, such as ``tcp://scheduler:8786``; None for this machine.
    workers
        How many workers are started on this machine.
    started
        The search. If its subject is in a file, the file goes to each worker of a scheduler.

    Raises
    ------
    NoClusterError
        If no scheduler answers, or its workers cannot examine the subject.
    """
    from distributed import Client

    logging.disable()  # What becomes of workers is known by what becomes of their blocks.
    if address is None:
        with _own_workers(workers) as crew:
            yield crew
        return
    spec = started.request.spec
    for file in started.files if spec.startswith(PROGRAM) else ():
        if not Path(file).is_absolute():
            raise NoClusterError(
                f"{spec} names the file {file}, which does not go to the workers: name it by its "
                "whole path, in a folder that all of them have"
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What differs that matters is compared below.
            client = Client(address, timeout=_SECONDS)
    except (OSError, TypeError, ValueError) as error:
        raise NoClusterError(
            f"no scheduler answers at {address}: {error}; expected an address such as "
            "tcp://127.0.0.1:8786, as dask scheduler prints it"
        ) from error
    with client:
        try:
            crew = _crew_of(client, address, started)
        except OSError as error:
            raise NoClusterError(f"cannot prepare the workers of {address}: {error}") from error
        yield crew


def _examine(text: bytes, block: Block, uploaded: str) -> bytes:
    """Examine a block on a worker. What travels is JSON, and a record of numbers and texts.

    The file of the subject has the name `uploaded` there, if it was sent. Versions and files are
    compared once more: a worker may join late, and a file may change.
    """
    from distributed import get_worker

    worker, started = get_worker(), msgspec.json.decode(text, type=Started)
    ours, request = started.versions, started.request
    said = unlike(worker.address, versions(ours), ours, worker.state.nthreads)
    if said:
        raise ClusterError(said)
    place = in_file(request.spec)
    if uploaded and place is not None:
        local = Path(worker.local_directory) / uploaded
        request = replace(request, spec=f"{place.adapter}{local}:{place.name}")
    elif other := changed(started.files):
        raise NoClusterError(
            f"{other} has changed since the search began, or is missing on {worker.address}: put "
            "it back, or choose another --into",
            goes_on=False,
        )

    from gradcert.campaign.examining import examine

    return msgspec.json.encode(examine(request, block))


def _record(future: "Future[bytes]", spec: str) -> SearchedBlock:
    """Return what a worker found in a block.

    Raises
    ------
    ClusterError
        If it found nothing.
    """
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    try:
        return msgspec.json.decode(future.result(), type=SearchedBlock)
    except KilledWorker as error:
        raise ClusterError(
            "a block ended several workers one after the other: the implementation crashes or "
            "needs more memory than there is, or gradcert is not installed there; try --isolate, "
            "with another --into",
            goes_on=False,
        ) from error
    except SpecError as error:
        raise NoClusterError(f"a worker cannot load {spec}: {error}") from error
    except (FutureCancelledError, OSError) as error:
        if future.status == "error":
            raise ClusterError(f"a worker fails: {type(error).__name__}: {error}") from error
        raise ClusterError("the scheduler is gone, or has no workers any more") from error


def results(
    crew: Crew, started: Started, blocks: Iterable[Block], *, uploaded: bool
) -> Iterator[SearchedBlock]:
    """Yield the blocks as they are done, in any order.

    Blocks are taken from the iterable one by one, a few ahead of the workers that there are then.

    Raises
    ------
    ClusterError
        If the scheduler or all workers are gone, a block ended several workers, or a worker cannot
        load the subject or is unlike this process.
    """
    from distributed import as_completed

    coming, text, spec = iter(blocks), msgspec.json.encode(started), started.request.spec
    place = in_file(spec) if uploaded else None
    sent_as = place.copy if place else ""
    under_way, any_done = as_completed(loop=crew.client.loop), False

    def send() -> None:
        # Of no workers, because they start anew, one may come back.
        wanted = _AHEAD * max(1, crew.workers) - under_way.count()
        under_way.update(
            crew.client.submit(_examine, text, block, sent_as, pure=False)
            for block in islice(coming, max(0, wanted))
        )

    send()
    while under_way.count():
        for future in under_way.next_batch(block=False):
            try:
                found = _record(future, spec)
            except NoClusterError as error:
                if any_done:  # By other workers: this one joined late.
                    raise ClusterError(str(error), goes_on=error.goes_on) from error
                raise
            any_done = True
            yield found
        crew.look()
        send()
        if not under_way.has_ready():
            time.sleep(_MOMENT)
