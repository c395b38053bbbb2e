"""`/tasks`: what is to be done at the shelves now, and what people say came of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.audits.tasks import MAX_PAGE, PAGE, Task, list_tasks
from shelfwatch.audits.verdicts import judge, take_back
from shelfwatch.service import task_schemas as schemas
from shelfwatch.service.audits import STORAGE, OfBay, OfStore
from shelfwatch.service.notes import WRITING
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["tasks"])

TaskId = Annotated[str, Path(description="The task's id.", examples=[schemas.TASK_ID])]


def shown(task: Task) -> dict[str, Any]:
    """A task as JSON, with the address of its picture where there is one."""
    url = f"/audits/{task.audit_id}/gaps/{task.gap}/image"
    if task.alert is not None:
        url = f"/alerts/{task.alert.id}/image"
    return {**task.to_json(), "image_url": url if task.audit_id else None}


@router.get(
    "/tasks",
    response_model=schemas.TaskPage,
    responses=responses((*STORAGE, "invalid-request")),
    summary="List what is to be done",
)
async def listed(
    request: Request,
    store: OfStore = None,
    bay: OfBay = None,
    kind: Annotated[Literal["gap", "alert"] | None, Query(description="Of this kind only.", examples=["gap"])] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most tasks of a page.")] = PAGE,
    cursor: Annotated[
        str | None,
        Query(
            description="`next_cursor` of the page before.", pattern="^[A-Za-z0-9_-]{40}$", examples=[schemas.CURSOR]
        ),
    ] = None,
) -> Response:
    """The gaps of every bay's newest audit, and alerts that are not resolved: the most urgent first."""
    storage: Storage = request.app.state.storage
    page = await storage.run(lambda memory: list_tasks(memory.database, store, bay, kind, limit, cursor))
    return JSONResponse({"items": [shown(task) for task in page.items], "next_cursor": page.next_cursor})


@router.post(
    "/tasks/{task_id}/feedback",
    status_code=201,
    response_model=schemas.KeptVerdict,
    responses=responses((*WRITING, "not-found")),
    summary="Say what came of a task",
)
async def said(request: Request, task_id: TaskId, words: schemas.NewVerdict) -> Response:
    """It is to do no more, until a later audit shows it again; a false alarm stays away from that place of the bay."""
    storage: Storage = request.app.state.storage
    who = "".join(char for char in words.who or "" if char.isprintable())  # what cannot be shown names nobody
    kept = await storage.run(lambda memory: judge(memory.database, task_id, words.verdict, who, words.note))
    return JSONResponse(kept.to_json(), 201)


@router.delete(
    "/tasks/{task_id}/feedback",
    status_code=204,
    responses={
        204: {"description": "The last that was said of it is taken back."},
        **responses((*STORAGE, "not-found", "storage-full")),
    },
    summary="Take back what was said of a task",
)
async def taken_back(request: Request, task_id: TaskId) -> Response:
    """Remove the last that was said of a task; what was said before it counts again."""
    storage: Storage = request.app.state.storage
    await storage.run(lambda memory: take_back(memory.database, task_id))
    return Response(status_code=204)
