"""`/webhooks`: who is told of alerts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.audits import webhooks as receivers
from shelfwatch.audits.post import PostError, PostOptions
from shelfwatch.service import webhook_schemas as schemas
from shelfwatch.service.audits import STORAGE
from shelfwatch.service.engine import retry
from shelfwatch.service.lanes import Lane, QueueFullError
from shelfwatch.service.openapi import responses
from shelfwatch.service.problems import Problem
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["alerts"])

MOST_TRIALS = 2  # at once; a receiver that hangs keeps one busy for 20 s

WebhookId = Annotated[str, Path(description="The webhook's id.", examples=[schemas.WEBHOOK_ID])]


class Trials:
    """Tries receivers in threads of its own: the memory's have others to serve while one does not answer."""

    def __init__(self, options: PostOptions) -> None:
        self.options = options
        self._lane = Lane("trials", MOST_TRIALS, limit=MOST_TRIALS)

    async def run(self, trial: receivers.Trial) -> schemas.WebhookAnswer:
        """What the receiver says to a test event now. Raises `Problem` where too many are being tried."""
        try:
            status, _ = await self._lane.run(lambda: trial.send(self.options))
        except PostError as error:
            return schemas.WebhookAnswer(delivered=False, status=error.status, error=str(error))
        except QueueFullError as busy:
            raise Problem(
                "overloaded",
                "Other webhooks are being tried; try again shortly.",
                headers=retry(self._lane.pace.retry_after()),
            ) from busy
        return schemas.WebhookAnswer(delivered=True, status=status, error=None)

    def close(self) -> None:
        """Return once those under way have ended."""
        self._lane.close()


@router.get("/webhooks", response_model=schemas.WebhookList, responses=responses(STORAGE), summary="List webhooks")
async def listed(request: Request) -> Response:
    """Who is told of alerts, the oldest first. Secrets are never shown again."""
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: receivers.list_webhooks(memory.database))
    return JSONResponse({"items": [webhook.to_json() for webhook in found]})


@router.post(
    "/webhooks",
    status_code=201,
    response_model=schemas.RegisteredWebhook,
    responses=responses((*STORAGE, "payload-too-large", "slow-upload", "invalid-request", "storage-full")),
    summary="Tell one more of alerts",
)
async def add(request: Request, new: schemas.NewWebhook) -> Response:
    """An address that is told of everything from now on. The answer alone has the secret that signs what it gets."""
    storage: Storage = request.app.state.storage
    allowed = storage.options.post.allowed
    made = await storage.run(lambda memory: receivers.register(memory.database, new.url, allowed))
    return JSONResponse({**made.webhook.to_json(), "secret": made.secret or None}, 201)


@router.delete(
    "/webhooks/{webhook_id}",
    status_code=204,
    responses={
        204: {"description": "It is told nothing more."},
        **responses((*STORAGE, "not-found", "storage-full")),
    },
    summary="Tell one no more",
)
async def remove(request: Request, webhook_id: WebhookId) -> Response:
    """A receiver is told nothing more, not even what waits for it."""
    storage: Storage = request.app.state.storage
    await storage.run(lambda memory: receivers.remove(memory.database, webhook_id))
    return Response(status_code=204)


@router.post(
    "/webhooks/{webhook_id}/test",
    response_model=schemas.WebhookAnswer,
    responses=responses((*STORAGE, "not-found", "invalid-request")),
    summary="Try a webhook",
)
async def test(request: Request, webhook_id: WebhookId) -> Response:
    """Send a signed event of type `test` now, once, and say what came of it. An e-mail address cannot be tried."""
    storage: Storage = request.app.state.storage
    trial = await storage.run(lambda memory: receivers.find_trial(memory.database, webhook_id))
    answer = await request.app.state.trials.run(trial)
    return JSONResponse(answer.model_dump())
