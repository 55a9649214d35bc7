"""Composition root."""

from starlette.routing import Mount

from console.screens.help import HelpScreen
from console.screens.login import LoginScreen
from console.settings import ConsoleSettings
from console.store import Sessions
from console.web.application import make_application
from console.web.rendering import Pages
from shopsync_accounts import Accounts
from shopsync_runtime import Runtime


def build(runtime: Runtime, settings: ConsoleSettings) -> None:
    """Wire the console."""
    clock, database = runtime.clock, runtime.database
    sessions = Sessions(database, idle=settings.session_idle, lifetime=settings.session_lifetime, clock=clock)
    accounts = Accounts(database)
    for store in (sessions, accounts):
        runtime.on_start(store.ensure_indexes)

    pages = Pages()
    login = LoginScreen(pages, accounts, sessions, settings=settings, clock=clock)
    screens = (login, HelpScreen(pages))
    routes = [route for screen in screens for route in screen.routes()]
    application = make_application(
        routes, pages=pages, sessions=sessions, ask_for_login=login.keep_and_ask, settings=settings
    )
    runtime.add_routes([Mount("/", app=application)])
