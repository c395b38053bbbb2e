"""`/stores`: what each store and bay looks like now, looked like before, and should look like."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.audits import read
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.memory import Memory
from shelfwatch.service import audit_schemas as schemas
from shelfwatch.service.audits import STORAGE, Since, Until
from shelfwatch.service.names import BayName, NamesRoute, StoreName
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["audits"], route_class=NamesRoute)


@router.get(
    "/stores",
    response_model=schemas.StoreList,
    responses=responses(STORAGE),
    summary="List stores",
)
async def stores(request: Request) -> Response:
    """Every store with its newest photo and the lowest fill rate of its bays."""
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: read.list_stores(memory.database))
    return JSONResponse({"items": [store.to_json() for store in found]})


@router.get(
    "/stores/{store}/bays",
    response_model=schemas.BayList,
    responses=responses((*STORAGE, "not-found", "invalid-request")),
    summary="List a store's bays",
)
async def bays(
    request: Request,
    store: StoreName,
    trend: Annotated[int, Query(ge=0, le=read.MAX_TREND, description="Newest audits of each bay.")] = 0,
) -> Response:
    """Every bay of a store as its newest audit shows it, the emptiest first."""
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: read.list_bays(memory.database, store, trend))
    return JSONResponse({"items": [bay.to_json() for bay in found]})


@router.get(
    "/stores/{store}/bays/{bay}",
    response_model=schemas.BayNow,
    responses=responses((*STORAGE, "not-found")),
    summary="One bay",
)
async def bay_now(request: Request, store: StoreName, bay: BayName) -> Response:
    """A bay as its newest audit shows it, and what is expected of it."""
    storage: Storage = request.app.state.storage
    return JSONResponse((await storage.run(lambda memory: read.get_bay(memory.database, store, bay))).to_json())


@router.put(
    "/stores/{store}/bays/{bay}",
    response_model=schemas.BayNow,
    responses=responses((*STORAGE, "payload-too-large", "slow-upload", "invalid-request", "storage-full")),
    summary="Say what is expected of a bay",
)
async def expect(request: Request, store: StoreName, bay: BayName, expected: schemas.ExpectedOfBay) -> Response:
    """Set everything that is expected of a bay; what is left out is expected no more. The bay is made if need be."""
    storage: Storage = request.app.state.storage

    def put(memory: Memory) -> read.BayState:
        set_expectations(memory.database, store, bay, Expectations(**expected.model_dump()))
        return read.get_bay(memory.database, store, bay)

    return JSONResponse((await storage.run(put)).to_json())


@router.get(
    "/stores/{store}/bays/{bay}/history",
    response_model=schemas.BayHistory,
    responses=responses((*STORAGE, "not-found", "invalid-request")),
    summary="A bay over time",
)
async def history(
    request: Request, store: StoreName, bay: BayName, since: Since = None, until: Until = None
) -> Response:
    """Facings, fill rate and gaps of the newest 5000 audits of a bay in that time, oldest first."""
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: read.history(memory.database, store, bay, since, until))
    return JSONResponse({"points": [point.to_json() for point in found.points], "truncated": found.truncated})
