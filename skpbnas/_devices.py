"""Which device a training has: one of those listed that no other training holds.

A module of its own that imports little: a worker imports it before anything that may look for devices.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

from filelock import FileLock, Timeout

VARIABLE = "CUDA_VISIBLE_DEVICES"
_PATIENCE = 60  # seconds; the process that held a device before may need some to end

_of_thread: ContextVar[str | None] = ContextVar("device", default=None)


def current_device() -> str:
    """Return the device of the training that calls this, as PyTorch names it.

    Returns
    -------
    str
        What a search with ``devices=`` has given to this training: ``"cuda:0"`` in a worker process, which
        sees no other device (``CUDA_VISIBLE_DEVICES`` tells which one it is), and ``"cuda:2"`` in a thread
        that has device 2. Without ``devices=``, the first device that PyTorch sees, which Ray, SLURM and
        others restrict to those of the task; ``"cpu"`` where there is none.

    Examples
    --------
    >>> from skpbnas.search import current_device
    >>> def accuracy(cell):
    ...     device = current_device()
    ...     return train(cell, device)
    """
    of_thread = _of_thread.get()
    if of_thread is not None:
        return of_thread
    if _process.name is not None:
        return "cuda:0"
    from torch.cuda import is_available

    return "cuda:0" if is_available() else "cpu"


def names_of(devices: Sequence[int | str]) -> tuple[str, ...]:
    """Return what CUDA calls devices: numbers, as text, or identifiers such as ``"GPU-8932f937"``.

    Raises
    ------
    ValueError
        Where there are none, or one is no device of CUDA.
    """
    names = [str(device).removeprefix("cuda:") for device in devices]
    wrong = [name for name in names if not (name.isdecimal() or name.startswith(("GPU-", "MIG-")))]
    if wrong or not names or isinstance(devices, str):
        raise ValueError(
            f"devices={devices!r} is not allowed; list the numbers of GPUs, such as [0, 1], or their "
            f"identifiers ('GPU-...' of nvidia-smi -L), each as often as trainings may share it"
        )
    return tuple(names)


@dataclass(frozen=True)
class Devices:
    """Devices that trainings are given, one to each; a device listed twice is given to two at a time.

    A process that has got one keeps it, as CUDA cannot change it, and loses it when it ends, however it ends:
    the operating system then releases its lock on a file. The search's own process, whose threads train,
    gives it back after each training. On each host the same devices are there to be had.

    Attributes
    ----------
    names : tuple of str
    group : str
        Those who share the devices; others with the same devices do not know of them.
    home : tuple of (str, int)
        Host and process of the search.
    """

    names: tuple[str, ...]
    group: str = field(default_factory=lambda: uuid4().hex)
    home: tuple[str, int] = field(default_factory=lambda: _here())

    @property
    def _folder(self) -> Path:
        return Path(tempfile.gettempdir(), f"skpbnas-devices-{self.group}")

    @contextmanager
    def one(self) -> Iterator[None]:
        """Have a device within the block; wait for one that is free."""
        if self.home != _here():
            with _process.training(self):
                yield
            return
        name, lock = self.claim()
        before = _of_thread.set(f"cuda:{name}")
        try:
            yield
        finally:
            _of_thread.reset(before)
            lock.release()

    def claim(self) -> tuple[str, FileLock]:
        """Return a device that is free, and the lock that keeps it from others.

        Raises
        ------
        RuntimeError
            Where none becomes free: there are more workers than devices.
        """
        self._folder.mkdir(exist_ok=True)
        give_up = monotonic() + _PATIENCE
        while True:
            seen: Counter[str] = Counter()
            for name in self.names:
                lock = FileLock(self._folder / f"{name}-{seen[name]}.lock")
                seen[name] += 1
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue
                return name, lock
            if monotonic() > give_up:
                raise RuntimeError(
                    f"no device of {', '.join(self.names)} became free on {socket.gethostname()}: there are "
                    f"more workers than devices; start fewer, or list a device once for each that shares it"
                )
            sleep(0.05)

    def forget(self) -> None:
        """Remove what is left of the locks on this host."""
        shutil.rmtree(self._folder, ignore_errors=True)


class _Process:
    """The device of this process, if it is a worker."""

    def __init__(self) -> None:
        self.name: str | None = None
        self._group = ""
        self._lock: FileLock | None = None  # held as long as it is referenced
        self._training = threading.Lock()

    @contextmanager
    def training(self, devices: Devices) -> Iterator[None]:
        if not self._training.acquire(blocking=False):
            raise RuntimeError(
                "this worker trains in several threads of one process, which see the same devices; give each "
                "worker one thread (dask worker --nthreads 1)"
            )
        try:
            if self.name is None:
                name, lock = devices.claim()
                os.environ[VARIABLE] = _as_seen_from_outside(name)
                self.name, self._lock, self._group = name, lock, devices.group
            elif self._group != devices.group or self.name not in devices.names:
                raise RuntimeError(
                    f"this worker has trained on device {self.name} for another search, and a process keeps "
                    f"its device; start new workers for devices {', '.join(devices.names)}"
                )
            yield
        finally:
            self._training.release()


def _as_seen_from_outside(name: str) -> str:
    """Return a device's name where this process sees some devices only; numbers count among those."""
    mask = os.environ.get(VARIABLE)
    if mask is None or not name.isdecimal():
        return name
    seen = [entry for entry in mask.split(",") if entry]
    if int(name) >= len(seen):
        raise RuntimeError(
            f"device {name} is not there: this worker on {socket.gethostname()} has {VARIABLE}={mask!r}, and "
            f"the numbers of devices= count from 0 among those {len(seen)}"
        )
    return seen[int(name)]


def _here() -> tuple[str, int]:
    return socket.gethostname(), os.getpid()


_process = _Process()
