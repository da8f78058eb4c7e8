"""Where blocks are examined: Dask's workers, on this machine or wherever a scheduler runs."""

import importlib.metadata
import logging
import os
import shutil
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
from gradcert.campaign.requests import Request, in_file
from gradcert_implementations import SpecError
from gradcert_reports.searches.records import SearchedBlock

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DECIDING", "ClusterError", "NoClusterError", "connected", "results"]

DECIDING = ("gradcert", "hypothesis", "ml_dtypes", "numpy", "python-flint")
"""The libraries that decide what is drawn and what is computed: all workers have one version."""

_SECONDS = 10
"""Seconds in which a scheduler must answer."""

_AHEAD = 3
"""Blocks that are sent for each worker, so that none waits for the next one."""


class ClusterError(Exception):
    """No block can be examined any more; a message in one line."""


class NoClusterError(ClusterError):
    """No block can be examined from the start."""


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _compare(client: "Client") -> None:
    """Compare the versions of the workers with ours.

    Raises
    ------
    NoClusterError
        If a worker has another version of a library, or lacks it.
    """
    for name in DECIDING:
        ours = _version(name)
        # A function of the standard library: a worker may have nothing of ours.
        found = client.run(importlib.metadata.version, name, on_error="return")
        for worker, theirs in sorted(found.items()):
            if isinstance(theirs, Exception):
                raise NoClusterError(
                    f"the worker {worker} has no {name}; install {name} {ours} there"
                )
            if theirs != ours:
                raise NoClusterError(f"the worker {worker} has {name} {theirs}, and not {ours}")


def _silence() -> None:
    """Let nothing that a subject prints reach the streams of the command, which workers share."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


@contextmanager
def connected(address: str | None, workers: int, spec: str) -> "Iterator[Client]":
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
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            client.register_worker_callbacks(_silence)
            yield client
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
        running = client.scheduler_info(n_workers=-1)["workers"]
        if not running:
            raise NoClusterError(
                f"the scheduler at {address} has no workers; start some: dask worker {address} "
                "--nthreads 1 --nworkers auto"
            )
        for worker, about in sorted(running.items()):
            if about["nthreads"] > 1:
                raise NoClusterError(
                    f"the worker {worker} has {about['nthreads']} threads, and a subject is "
                    "examined by one: start it with --nthreads 1"
                )
        _compare(client)
        place = in_file(spec)
        if place is not None:
            with TemporaryDirectory() as folder:
                copy = shutil.copy(place.file, Path(folder, place.copy))
                client.upload_file(str(copy), load=False)
        yield client


def _examine(request: bytes, block: Block, uploaded: str) -> bytes:
    """Examine a block on a worker. What travels is JSON, and a record of numbers and texts.

    The file of the subject has the name `uploaded` there, if it was sent.
    """
    from distributed import get_worker

    from gradcert.campaign.examining import examine

    found = msgspec.json.decode(request, type=Request)
    place = in_file(found.spec)
    if uploaded and place is not None:
        local = Path(get_worker().local_directory) / uploaded
        found = replace(found, spec=f"{place.adapter}{local}:{place.name}")
    return msgspec.json.encode(examine(found, block))


def results(
    client: "Client", request: Request, blocks: Iterable[Block], *, uploaded: bool
) -> Iterator[SearchedBlock]:
    """Yield the blocks as they are done, in any order.

    Blocks are taken from the iterable one by one, a few ahead of the workers.

    Raises
    ------
    ClusterError
        If the scheduler or all workers are gone, a block ended several workers, or a worker cannot
        load the subject.
    """
    from distributed import as_completed
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    coming, text = iter(blocks), msgspec.json.encode(request)
    place = in_file(request.spec) if uploaded else None
    sent_as = place.copy if place else ""

    def submitted() -> "Iterator[Future[bytes]]":
        for block in coming:
            yield client.submit(_examine, text, block, sent_as, pure=False)

    sent = submitted()
    workers = len(client.scheduler_info(n_workers=-1)["workers"])
    under_way = as_completed([*islice(sent, _AHEAD * workers)])
    for future in under_way:
        try:
            found = future.result()
        except KilledWorker as error:
            raise ClusterError(
                "a block ended several workers one after the other: the implementation crashes, or "
                "needs more memory than there is; try --isolate"
            ) from error
        except SpecError as error:
            raise NoClusterError(f"a worker cannot load {request.spec}: {error}") from error
        except (FutureCancelledError, OSError) as error:
            raise ClusterError("the scheduler is gone, or has no workers any more") from error
        yield msgspec.json.decode(found, type=SearchedBlock)
        under_way.update([*islice(sent, 1)])
