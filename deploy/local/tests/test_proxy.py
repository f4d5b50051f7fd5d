import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from local.ports import free_port
from local.proxy import proxy
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


async def show(request: Request) -> Response:
    body = await request.body()
    answer = JSONResponse(
        {
            "path": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "body": len(body),
            "host": request.headers["host"],
            "forwarded": [request.headers.get(f"x-forwarded-{key}") for key in ("for", "proto", "host")],
        },
        status_code=418,
    )
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer


async def leave(_request: Request) -> Response:
    return RedirectResponse("/groupes/fini", 303)


@contextlib.asynccontextmanager
async def serving(app: Starlette, port: int) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", proxy_headers=False))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    groupes, front = free_port(), free_port()
    methods = ["GET", "POST"]
    app = Starlette(routes=[Route("/groupes/va", leave), Route("/{path:path}", show, methods=methods)])
    routes = {"/groupes": f"http://127.0.0.1:{groupes}", "/": f"http://127.0.0.1:{free_port()}"}
    client = httpx.AsyncClient(base_url=f"http://localhost:{front}")
    async with serving(app, groupes), serving(proxy(routes, patience=0.3), front), client:
        yield client


async def test_status_cookies_path_query_and_body_pass_unchanged(client: httpx.AsyncClient) -> None:
    answer = await client.post("/groupes/%C3%A9t%C3%A9%2F1?q=a%20b", content=b"x" * 300_000)
    assert answer.status_code == 418
    assert [c.split(";")[0] for c in answer.headers.get_list("set-cookie")] == ["a=1", "b=2"]
    seen = answer.json()
    assert (seen["path"], seen["query"], seen["body"]) == ("/groupes/%C3%A9t%C3%A9%2F1", "q=a%20b", 300_000)


async def test_the_service_sees_the_address_that_the_person_used(client: httpx.AsyncClient) -> None:
    forged = {"x-forwarded-for": "10.0.0.1", "x-forwarded-host": "ailleurs.fr"}
    seen = (await client.get("/groupes", headers=forged)).json()
    assert seen["host"] == client.base_url.netloc.decode()
    assert seen["forwarded"] == ["127.0.0.1", "http", client.base_url.netloc.decode()]


async def test_redirects_are_left_to_the_browser(client: httpx.AsyncClient) -> None:
    answer = await client.get("/groupes/va")
    assert (answer.status_code, answer.headers["location"]) == (303, "/groupes/fini")


@pytest.mark.parametrize("path", ["/", "/groupes-autres", "/campagnes"])
async def test_a_service_that_is_away_gives_a_page_that_reloads_itself(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert 'http-equiv="refresh"' in answer.text


async def test_a_request_waits_for_a_service_that_restarts_and_is_made_once() -> None:
    back, front = free_port(), free_port()
    seen: list[bytes] = []

    async def take(request: Request) -> Response:
        seen.append(await request.body())
        return JSONResponse("ok")

    app = Starlette(routes=[Route("/envoi", take, methods=["POST"])])
    client = httpx.AsyncClient(base_url=f"http://localhost:{front}", timeout=30)
    async with serving(proxy({"/": f"http://127.0.0.1:{back}"}), front), client:
        sending = asyncio.create_task(client.post("/envoi", content=b"bonjour"))
        await asyncio.sleep(0.5)
        async with serving(app, back):
            assert (await sending).status_code == 200
    assert seen == [b"bonjour"]


async def test_a_post_that_may_have_been_taken_is_not_made_again() -> None:
    back, front = free_port(), free_port()
    taken = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"bonjour")
        taken += 1
        writer.close()

    client = httpx.AsyncClient(base_url=f"http://localhost:{front}", timeout=30)
    server = await asyncio.start_server(hang_up, "127.0.0.1", back)
    async with server, serving(proxy({"/": f"http://127.0.0.1:{back}"}), front), client:
        assert (await client.post("/envoi", content=b"bonjour")).status_code == 503
    assert taken == 1
