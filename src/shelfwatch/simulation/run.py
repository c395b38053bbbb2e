"""A scenario played through, one event after the other."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable

import numpy as np

from shelfwatch.simulation.arrivals import arrivals
from shelfwatch.simulation.autoscaler import Autoscaler
from shelfwatch.simulation.options import Scenario
from shelfwatch.simulation.outcome import Outcome
from shelfwatch.simulation.pod import Node, Photo, Pod


def simulate(scenario: Scenario) -> Outcome:
    """Play `scenario` through; the same one gives the same outcome."""
    return Run(scenario).play()


class Run:
    """The state of one run. Events are calls at a moment; pods and nodes are numbered as they come."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        streams = np.random.SeedSequence(scenario.seed).spawn(3)
        self.coming, self.working, self.losing = (np.random.default_rng(stream) for stream in streams)
        self.outcome = Outcome(scenario.seconds, scenario.nodes.price, scenario.nodes.cpus)
        self.scaler = Autoscaler(scenario.scaler)
        self.desired = scenario.scaler.minimum
        self.pods: list[Pod] = []
        self.nodes: list[Node] = []
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._names = itertools.count()
        self._use: dict[int, deque[float]] = {}  # CPUs of each pod in the last periods, oldest first
        self._done: dict[int, float] = {}  # the work it had done by then
        self._lost = 0  # pods that went with a node and are still taken for running
        self._turn = 0  # of a balancer that goes round

    def play(self) -> Outcome:
        """Every event up to the end, and photos in hand until they are done."""
        for _ in range(self.scenario.nodes.count):
            self._start_node(after=0.0)
        for _ in range(self.desired):
            self._start_pod(after=0.0)
        for moment in arrivals(self.scenario.load, self.scenario.seconds, self.coming):
            self._at(moment, self._arrive)
        self._at(self.scenario.scaler.sync_seconds, self._sync)
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
        for node in self.nodes:
            self.outcome.node_seconds += max(0.0, self.scenario.seconds - node.began)
        return self.outcome

    def _at(self, moment: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

    # Photos

    def _arrive(self) -> None:
        options = self.scenario.pod
        self.outcome.offered.append(self.now)
        spread = math.sqrt(math.log1p(options.variation**2))
        work = options.service_seconds * float(self.working.lognormal(-(spread**2) / 2, spread))
        self._send(Photo(self.now, work))

    def _send(self, photo: Photo) -> None:
        """To a ready pod: the one with the fewest photos in hand, or the next in turn."""
        pod = self._choose([pod for pod in self.pods if pod.ready and not pod.leaving])
        if pod is not None:
            pod.advance(self.now)
            if pod.take(photo):
                self._share(pod)
                return
        self.outcome.refusals += 1
        load = self.scenario.load
        if photo.tries <= load.retries:
            photo.tries += 1
            self._at(self.now + load.retry_seconds * (0.5 + float(self.coming.random())), lambda: self._send(photo))
        else:
            self.outcome.rejected.append(self.now)

    def _choose(self, pods: list[Pod]) -> Pod | None:
        if not pods:
            return None
        if self.scenario.balancer == "round-robin":
            self._turn += 1
            return pods[self._turn % len(pods)]
        return min(pods, key=lambda pod: (pod.in_hand, pod.name))

    def _share(self, pod: Pod) -> None:
        """After a change in a pod its node's CPUs are shared anew, and photos are done at other times."""
        assert pod.node is not None
        pod.node.share(self.now)
        for each in pod.node.pods:
            each.turn += 1
            moment = each.next_finish()
            if moment is not None:
                self._at(moment, lambda each=each, turn=each.turn: self._finish(each, turn))  # type: ignore[misc]

    def _finish(self, pod: Pod, turn: int) -> None:
        if turn != pod.turn:
            return  # something changed since
        pod.advance(self.now)
        for photo in pod.finish():
            self.outcome.answered.append((self.now, self.now - photo.sent))
        self._share(pod)
        if pod.leaving and not pod.in_hand:
            self._remove(pod)

    # Pods

    def _start_pod(self, after: float | None = None) -> None:
        pod = Pod(next(self._names), self.scenario.pod.lanes, self.scenario.pod.queue_limit)
        self.pods.append(pod)
        delay = self.scenario.pod.start_seconds if after is None else after
        self._at(self.now + delay, lambda: self._pod_ready(pod))

    def _pod_ready(self, pod: Pod) -> None:
        if pod not in self.pods:
            return
        ready = [node for node in self.nodes if node.ready]
        if not ready:
            self._at(self.now + 1.0, lambda: self._pod_ready(pod))
            return
        # A request of 0.2 CPUs fits anywhere; the spread constraint prefers the emptiest node.
        node = min(ready, key=lambda node: (len(node.pods), node.name))
        pod.node, pod.ready, pod.moment = node, True, self.now
        node.pods.append(pod)
        self._note()

    def _drain(self, pod: Pod) -> None:
        """No new photos; it leaves with the last one."""
        pod.leaving = True
        self._note()
        if not pod.in_hand:
            self._remove(pod)

    def _remove(self, pod: Pod) -> None:
        if pod in self.pods:
            self.pods.remove(pod)
        if pod.node is not None and pod in pod.node.pods:
            pod.node.share(self.now)
            pod.node.pods.remove(pod)
        self._note()

    # The autoscaler

    def _sync(self) -> None:
        """Look at the use of the last period and start or drain pods."""
        staying = [pod for pod in self.pods if not pod.leaving]
        options = self.scenario.scaler
        a_second = self.scenario.pod.cpu_seconds / self.scenario.pod.service_seconds
        use = []
        for pod in staying:
            if pod.ready:
                pod.advance(self.now)
                if pod.name in self._done:  # what the metrics server has by now is some periods old
                    periods = self._use.setdefault(pod.name, deque(maxlen=options.lag + 1))
                    periods.append((pod.done - self._done[pod.name]) * a_second / options.sync_seconds)
                    use.append(periods[0] / options.request)
                self._done[pod.name] = pod.done
        # Of the Deployment's replicas, however many pods of them live.
        self.desired = self.scaler.desired(self.now, self.desired, use, len(staying) - len(use), self._lost)
        for _ in range(self.desired - len(staying) - self._lost):
            self._start_pod()
        surplus = max(0, len(staying) + self._lost - self.desired)
        unseen = min(self._lost, surplus)  # those that are not ready go first
        self._lost -= unseen
        surplus -= unseen
        for pod in sorted(staying, key=lambda pod: (pod.ready, -pod.name))[:surplus]:
            self._drain(pod)
        self._note()
        if self.now + options.sync_seconds < self.scenario.seconds:
            self._at(self.now + options.sync_seconds, self._sync)

    # Nodes

    def _start_node(self, after: float) -> None:
        node = Node(next(self._names), self.scenario.pod.alone, began=self.now)
        self.nodes.append(node)
        self._at(self.now + after, lambda: setattr(node, "ready", True))
        rate = self.scenario.nodes.losses_an_hour
        if rate:
            moment = self.now + after + float(self.losing.exponential(3600 / rate))
            if moment < self.scenario.seconds:
                self._at(moment, lambda: self._lose(node))

    def _lose(self, node: Node) -> None:
        """Spot takes a node back, mostly with a notice."""
        options = self.scenario.nodes
        announced = float(self.losing.random()) >= options.unannounced
        self.outcome.losses.append((self.now, announced))
        node.ready = False
        if announced:
            self._start_node(after=options.start_seconds)
            for pod in list(node.pods):
                self._start_pod()  # the new one is made at once; this one finishes what it has
                self._drain(pod)
            self._at(self.now + options.notice_seconds, lambda: self._gone(node))
        else:
            self._gone(node)
            self._at(self.now + options.noticed_seconds, lambda: self._start_node(after=options.start_seconds))

    def _gone(self, node: Node) -> None:
        """The machine is off: what its pods had in hand is lost."""
        vanished = list(node.pods)
        for pod in vanished:
            pod.advance(self.now)
            pod.turn += 1
            self.outcome.failed += [self.now] * pod.in_hand
            pod.active, pod.ready = [], False
            pod.waiting.clear()
            node.pods.remove(pod)
            self.pods.remove(pod)
            if not pod.leaving:
                self._lost += 1
                self._at(self.now + self.scenario.nodes.noticed_seconds, self._replace_lost)
        self.nodes.remove(node)
        self.outcome.node_seconds += max(0.0, min(self.now, self.scenario.seconds) - node.began)
        self._note()

    def _replace_lost(self) -> None:
        if self._lost:  # else the autoscaler gave it up meanwhile
            self._lost -= 1
            self._start_pod()

    def _note(self) -> None:
        """Keep how many pods there are, for the plot and the mean."""
        ready = sum(1 for pod in self.pods if pod.ready and not pod.leaving)
        if self.now <= self.scenario.seconds:
            self.outcome.pods.append((self.now, ready, self.desired))
