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
from gradcert.campaign.requests import Request, in_file
from gradcert_implementations import SpecError
from gradcert_reports.searches.records import SearchedBlock

if TYPE_CHECKING:
    from distributed import Future

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
def connected(address: str | None, workers: int, spec: str) -> Iterator[Crew]:
    """Connect to a scheduler, or start workers on this machine.

    Parameters
    ----------
    address
        The address of a scheduler, such as ``tcp://scheduler:8786``; None for this machine.
    workers
        How many workers are started on this machine.
    spec
        The subject. If it is in a file, the file goes to each worker of a scheduler.

    Raises
    ------
    NoClusterError
        If no scheduler answers, or its workers cannot examine the subject.
    """
    from distributed import Client, LocalCluster

    logging.disable()  # What becomes of workers is known by what becomes of their blocks.
    if address is None:
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",  # Two searches may run at the same time.
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            client.register_worker_callbacks(_silence)
            yield Crew(client)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What differs that matters is compared below.
            client = Client(address, timeout=_SECONDS)
    except (OSError, ValueError) as error:
        raise NoClusterError(
            f"no scheduler answers at {address}: {error}; expected an address such as "
            "tcp://127.0.0.1:8786, as dask scheduler prints it"
        ) from error
    with client:
        crew = Crew(client)
        if not crew.workers:
            raise NoClusterError(
                f"the scheduler at {address} has no workers; start some: dask worker {address} "
                "--nthreads 1 --nworkers auto"
            )
        crew.compare()
        place = in_file(spec)
        if place is not None:
            with TemporaryDirectory() as folder:
                copy = shutil.copy(place.file, Path(folder, place.copy))
                client.upload_file(str(copy), load=False)
        yield crew


def _examine(request: bytes, block: Block, uploaded: str, ours: dict[str, str]) -> bytes:
    """Examine a block on a worker. What travels is JSON, and a record of numbers and texts.

    The file of the subject has the name `uploaded` there, if it was sent. The versions are
    compared with `ours` once more: a worker may join late.
    """
    from distributed import get_worker

    worker = get_worker()
    said = unlike(worker.address, versions(), ours, worker.state.nthreads)
    if said:
        raise ClusterError(said)

    from gradcert.campaign.examining import examine

    found = msgspec.json.decode(request, type=Request)
    place = in_file(found.spec)
    if uploaded and place is not None:
        local = Path(worker.local_directory) / uploaded
        found = replace(found, spec=f"{place.adapter}{local}:{place.name}")
    return msgspec.json.encode(examine(found, block))


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
            "needs more memory than there is (try --isolate), or gradcert is not installed there"
        ) from error
    except SpecError as error:
        raise NoClusterError(f"a worker cannot load {spec}: {error}") from error
    except (FutureCancelledError, OSError) as error:
        raise ClusterError("the scheduler is gone, or has no workers any more") from error


def results(
    crew: Crew, request: Request, blocks: Iterable[Block], *, uploaded: bool
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

    coming, text, ours = iter(blocks), msgspec.json.encode(request), versions()
    place = in_file(request.spec) if uploaded else None
    sent_as = place.copy if place else ""
    under_way = as_completed(loop=crew.client.loop)

    def send() -> None:
        # Of no workers, because they start anew, one may come back.
        wanted = _AHEAD * max(1, crew.workers) - under_way.count()
        under_way.update(
            crew.client.submit(_examine, text, block, sent_as, ours, pure=False)
            for block in islice(coming, max(0, wanted))
        )

    send()
    while under_way.count():
        for future in under_way.next_batch(block=False):
            yield _record(future, request.spec)
        crew.look()
        send()
        if not under_way.has_ready():
            time.sleep(_MOMENT)
