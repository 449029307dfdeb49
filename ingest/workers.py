"""Processes that work side by side: tasks go out in order, results come back in the same order.

A process is forked from this one, so that models are in memory once. It ends when this one does,
even killed: its pipe closes.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits

# New objects after which Python looks for cycles: usually 700, while each lot makes 100,000 objects
# and no cycle.
_COLLECTED, _UNCOLLECTED = gc.get_threshold(), 200_000

Task = TypeVar("Task")
Result = TypeVar("Result")


class WorkerLostError(Exception):
    """A process ended in the middle of its task: as serious as if this one had."""


def spare_cores() -> int:
    """Processes worth having beside this one, at least one; 0 where forking is not safe."""
    return max(len(os.sched_getaffinity(0)) - 1, 1) if sys.platform == "linux" else 0


def _settle() -> None:
    """Before forking: give back what libraries freed while loading, and leave what remains where
    it is, since collecting it would touch pages that are shared."""
    gc.collect()
    give_back()
    gc.freeze()
    gc.set_threshold(_UNCOLLECTED)


def give_back() -> None:
    """Give the system the memory that was freed (50 MB after our models are loaded, 30 MB after
    some texts are coded): the C library keeps it, and each process has its own."""
    with suppress(AttributeError, OSError):  # not every C library has this function
        ctypes.CDLL(None).malloc_trim(0)


class Workers(Generic[Task, Result]):
    """So many processes doing one work. Not to be shared among threads."""

    def __init__(self, work: Callable[[Task], Result], count: int) -> None:
        context = multiprocessing.get_context("fork")
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        _settle()
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(work, theirs, ours), daemon=True)
            with warnings.catch_warnings():
                # Python warns of threads, which a child must not use: it uses none of ours.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def map(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result. As many tasks are taken ahead as there are processes. Raises
        what the work raises, and WorkerLostError."""
        rest, waiting = iter(tasks), deque[tuple[Task, Connection]]()
        for pipe in self._pipes:
            self._give(pipe, rest, waiting)
        while waiting:
            task, pipe = waiting.popleft()
            result = self._result(pipe)
            # One task at a time a process: two that both wait to send would wait for ever.
            self._give(pipe, rest, waiting)
            give_back()
            yield task, result

    def _give(
        self, pipe: Connection, rest: Iterator[Task], waiting: deque[tuple[Task, Connection]]
    ) -> None:
        for task in rest:
            try:
                pipe.send(task)
            except OSError as error:
                raise WorkerLostError("Un processus de lecture s'est arrêté.") from error
            waiting.append((task, pipe))
            return

    def _result(self, pipe: Connection) -> Result:
        try:
            worked, result = pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerLostError("Un processus de lecture s'est arrêté.") from error
        if not worked:
            raise result
        found: Result = result
        return found

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()
        gc.set_threshold(*_COLLECTED)
        gc.unfreeze()


def _serve(work: Callable[[Any], Any], pipe: Connection, other: Connection) -> None:
    other.close()
    # Whoever interrupts the run interrupts the first process, which ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Cores are shared among processes; threads of each would fight for them.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    threadpool_limits(1)
    try:
        while True:
            task = pipe.recv()
            try:
                result = (True, work(task))
            except Exception as error:  # noqa: BLE001 - raised where the task came from
                result = (False, error)
            pipe.send(result)
            del task, result
            give_back()
    except (EOFError, OSError):
        # Nothing of the first process (its connections to the record) may be tidied up here.
        os._exit(0)
