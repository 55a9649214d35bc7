"""What operators see of the console: readiness, requests by pattern, log lines without secrets."""

import json
import logging

import httpx
import structlog
from every_route import a_form, application_of, places
from played_services import PlayedServices
from prometheus_client import REGISTRY

from shopsync_accounts import Accounts
from shopsync_runtime.health import Report
from shopsync_runtime.http_server import make_http_app
from shopsync_testkit.polling import eventually

PASSWORD = "correct horse battery"


async def test_readiness_and_metrics_are_there(world):
    async def ready():
        return (await world.client.get("/readyz")).status_code == 200

    await eventually(ready, what="readiness")
    report = (await world.client.get("/readyz")).json()
    assert {"mongo", "kafka", "producer"} <= {*report["checks"]}
    assert "shopsync_console_requests_total" in (await world.client.get("/metrics")).text


async def test_before_the_start_nothing_is_shown(world):
    async def report():
        return Report({"started": "not yet"})

    app = make_http_app(livez=report, readyz=report, routes=world.runtime.routes, is_started=lambda: False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8085") as browser:
        for path in ("/login", "/products", "/static/console.css"):
            assert (await browser.get(path)).status_code == 503


async def test_requests_are_counted_by_pattern_and_never_by_value(world):
    await (await PlayedServices.of(world)).imported("A-1")
    for number in ("A-1", "secret-number", "%ff", "a/b/c/d"):
        for one in places(world, "POST"):
            await world.post(world.client, one.path(number), **a_form())
    for method in ("PROPFIND", "X-OWN"):
        await world.client.request(method, "/help")
    await world.stranger.get("/password/secret-of-a-link")
    await world.stranger.get("/login?next=/secret-number")
    patterns = {one.path for one in application_of(world.runtime).routes} | {"none"}
    for metric in REGISTRY.collect():
        if not metric.name.startswith("shopsync_console_request"):
            continue
        for sample in metric.samples:
            assert sample.labels["route"] in patterns
            assert "X-OWN" not in sample.labels.values()


async def test_no_line_of_the_log_holds_a_secret(world, caplog):
    accounts = Accounts(world.database)
    link = await accounts.reset("demo", world.now)
    caplog.set_level(logging.INFO)
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        page = await world.stranger.get(f"/password/{link}")
        assert page.status_code == 200
        await world.post(world.stranger, f"/password/{link}", password=PASSWORD, again=PASSWORD)
        other = world.browser(address="192.0.2.2")
        await other.get("/login")
        await world.post(other, "/login", email="demo@example.jp", password=PASSWORD)
        for _ in range(7):
            await world.post(world.stranger, "/login", email="demo@example.jp", password="wrong horse battery")
        await other.post("/logout", data={"csrf": "x"}, headers={"origin": "https://evil.example"})
    lines = [one.getMessage() for one in caplog.records if not one.name.startswith("httpx")]  # the browsers' own
    text = json.dumps([*logs, *lines], default=str)
    cookies = [*world.stranger.cookies.values(), *other.cookies.values()]
    for secret in (link, PASSWORD, "wrong horse battery", "demo@example.jp", *cookies):
        assert secret not in text
    said = {one["event"] for one in logs}
    assert {"password set, all sessions ended", "log-ins wait after too many failures", "logged in"} <= said
    (refused,) = [one for one in logs if one["event"] == "a form was refused" and "evil" in one["error"]]
    assert refused["route"] == "none"


async def test_lines_of_a_request_name_its_shop_and_action(world):
    await (await PlayedServices.of(world)).imported("A-1")
    form = a_form()
    seen = {}

    def note(_logger, _method, event):
        seen.update(structlog.contextvars.get_contextvars())
        return event

    with structlog.testing.capture_logs(processors=[note]):
        for one in places(world, "POST"):
            if one.pattern.startswith("/products/"):
                await world.post(world.client, one.path("A-1"), **form)
    assert seen.get("shop_key") == "demo"
    assert seen.get("action_id") == form["action_id"]
    assert structlog.contextvars.get_contextvars() == {}
