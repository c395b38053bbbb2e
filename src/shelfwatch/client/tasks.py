"""Tasks, as methods of both clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from shelfwatch.client import task_calls
from shelfwatch.client.asking import Asking, AsyncAsking
from shelfwatch.client.calls import MAX_PAGE
from shelfwatch.client.task_answers import Task, TaskFeedback, TaskPage
from shelfwatch.client.task_calls import TaskKind, TaskVerdict


class Tasks(Asking):
    """Calls about tasks."""

    def tasks(
        self, *, store: str | None = None, bay: str | None = None, kind: TaskKind | None = None
    ) -> Iterator[Task]:
        """Everything to be done now, the most urgent first; pages are asked for as they are needed."""
        return self._each(
            lambda cursor: task_calls.page(store=store, bay=bay, kind=kind, limit=MAX_PAGE, cursor=cursor)
        )

    def task_page(
        self,
        *,
        store: str | None = None,
        bay: str | None = None,
        kind: TaskKind | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> TaskPage:
        """The same a page at a time: of `limit` tasks, 1 to 200, default 50, from the page before's `next_cursor`."""
        return self._ask(task_calls.page(store=store, bay=bay, kind=kind, limit=limit, cursor=cursor))

    def finish_task(
        self, task_id: str, verdict: TaskVerdict = "done", *, who: str | None = None, note: str | None = None
    ) -> TaskFeedback:
        """Say what came of it: `done`, `false_alarm`, or `not_workable`, true but nothing can be done now.

        Each is kept, so it is sent again only where nothing was done for certain.
        """
        return self._ask(task_calls.feedback(task_id, verdict, who=who, note=note))

    def reopen_task(self, task_id: str) -> None:
        """Take back what was said last; what was said before counts again.

        Sent again only where nothing was done for certain.
        """
        return self._ask(task_calls.take_back(task_id))


class AsyncTasks(AsyncAsking):
    """Calls about tasks. For asyncio."""

    def tasks(
        self, *, store: str | None = None, bay: str | None = None, kind: TaskKind | None = None
    ) -> AsyncIterator[Task]:
        """Everything to be done now, the most urgent first; pages are asked for as they are needed."""
        return self._each(
            lambda cursor: task_calls.page(store=store, bay=bay, kind=kind, limit=MAX_PAGE, cursor=cursor)
        )

    async def task_page(
        self,
        *,
        store: str | None = None,
        bay: str | None = None,
        kind: TaskKind | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> TaskPage:
        """The same a page at a time: of `limit` tasks, 1 to 200, default 50, from the page before's `next_cursor`."""
        return await self._ask(task_calls.page(store=store, bay=bay, kind=kind, limit=limit, cursor=cursor))

    async def finish_task(
        self, task_id: str, verdict: TaskVerdict = "done", *, who: str | None = None, note: str | None = None
    ) -> TaskFeedback:
        """Say what came of it: `done`. See `Client.finish_task`."""
        return await self._ask(task_calls.feedback(task_id, verdict, who=who, note=note))

    async def reopen_task(self, task_id: str) -> None:
        """Take back what was said last. See `Client.reopen_task`."""
        return await self._ask(task_calls.take_back(task_id))
