"""One pod: photos in its lanes share the node's CPUs, those behind wait, and beyond the limit they are refused."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

EPSILON = 1e-9  # seconds of work that count as none


@dataclass
class Photo:
    """`work` is seconds of a busy node of its own; `sent` when the client first sent it, `tries` how often since."""

    sent: float
    work: float
    tries: int = 1


@dataclass
class Pod:
    """Work is done at `speed`, 1 for a busy node of its own, shared evenly by the photos in the lanes."""

    name: int
    lanes: int
    queue_limit: int
    node: Node | None = None
    ready: bool = False
    leaving: bool = False
    speed: float = 1.0
    active: list[Photo] = field(default_factory=list)
    waiting: deque[Photo] = field(default_factory=deque)
    moment: float = 0.0  # up to which the work is reckoned
    done: float = 0.0  # seconds of work so far
    turn: int = 0  # of its next event; older ones are stale

    @property
    def in_hand(self) -> int:
        """Photos waiting or being worked on."""
        return len(self.active) + len(self.waiting)

    def advance(self, moment: float) -> None:
        """Reckon the work done up to `moment`."""
        passed = moment - self.moment
        if self.active and passed > 0:
            share = passed * self.speed / len(self.active)
            for photo in self.active:
                photo.work -= share
            self.done += passed * self.speed
        self.moment = moment

    def take(self, photo: Photo) -> bool:
        """Whether the photo was accepted. The pod must be advanced."""
        if self.in_hand >= self.queue_limit:
            return False
        (self.active if len(self.active) < self.lanes else self.waiting).append(photo)
        return True

    def finish(self) -> list[Photo]:
        """Photos that are done now; those behind them move up. The pod must be advanced."""
        done = [photo for photo in self.active if photo.work <= EPSILON]
        self.active = [photo for photo in self.active if photo.work > EPSILON]
        while self.waiting and len(self.active) < self.lanes:
            self.active.append(self.waiting.popleft())
        return done

    def next_finish(self) -> float | None:
        """When the next photo is done if nothing changes."""
        if not self.active or self.speed <= 0:
            return None
        least = min(photo.work for photo in self.active)
        return self.moment + max(0.0, least) * len(self.active) / self.speed


@dataclass
class Node:
    """A machine whose CPUs its busy pods share evenly. A single photo on it is worked on at the speed `alone`."""

    name: int
    alone: float = 1.0
    ready: bool = False
    pods: list[Pod] = field(default_factory=list)
    began: float = 0.0

    def share(self, moment: float) -> None:
        """Reckon every pod up to `moment` and let the busy ones share from now on."""
        for pod in self.pods:
            pod.advance(moment)
        busy = sum(1 for pod in self.pods if pod.active)
        for pod in self.pods:
            pod.speed = 1 / busy if busy else 1.0
            if busy == 1 and len(pod.active) == 1:
                pod.speed = self.alone
