"""What was made once and is asked again: the last answers, shared by threads."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The last ``most`` answers made, by what was asked; two threads may make the same one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._made: dict[Hashable, T] = {}

    def get(self, asked: Hashable, make: Callable[[], T]) -> T:
        """The answer, made when it is not kept."""
        with self._lock:
            if asked in self._made:
                return self._made[asked]
        made = make()
        with self._lock:
            while len(self._made) >= self._most:
                self._made.pop(next(iter(self._made)))
            self._made[asked] = made
        return made
