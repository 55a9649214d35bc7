import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from publisher.tiktok.transport import ManyPools
from shopsync_sandbox.serving import running


async def test_requests_take_the_pools_in_turn_and_connections_are_kept():
    ports = []

    async def answer(request: Request) -> PlainTextResponse:
        ports.append(request.client.port)
        return PlainTextResponse("ok")

    transport = ManyPools(3)
    async with running(Starlette(routes=[Route("/", answer)])) as url, httpx.AsyncClient(transport=transport) as http:
        for _ in range(9):
            assert (await http.get(url)).status_code == 200

    assert ports == ports[:3] * 3
    assert len(set(ports)) == 3
