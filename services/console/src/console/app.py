"""Composition root."""

from console.actions import Actions
from console.actions.publishing import PUBLISHED
from console.live import Follower, Hub, Reader, SessionWatch, Situation
from console.picture_files import PictureFiles
from console.publisher_api import PublisherApi
from console.screens.actions import ActionScreen
from console.screens.authorization import AuthorizationScreen
from console.screens.bulk import BulkScreen
from console.screens.drafts import DraftKeeping
from console.screens.help import HelpScreen
from console.screens.history import HistoryScreen
from console.screens.login import LoginScreen
from console.screens.password import PasswordScreen
from console.screens.pictures import PictureScreen
from console.screens.product import ProductScreen
from console.screens.product_lists import ProductLists
from console.screens.products import ProductsScreen
from console.screens.reimport import ReimportScreen
from console.screens.settings import SettingsScreen
from console.screens.stream import StreamScreen
from console.screens.sync import SyncScreen
from console.screens.sync_outcomes import SyncOutcomes
from console.settings import ConsoleSettings
from console.store import ActionStore, BulkReports, Drafts, LoginThrottle, Notes, Sessions
from console.web.application import at_every_path, behind_proxies, make_application
from console.web.cookies import Cookies
from console.web.gate import AuthorizationGate
from console.web.rendering import Pages
from shopsync_accounts import Accounts
from shopsync_runtime import Runtime
from shopsync_runtime.http_connections import Connections, web_context
from shopsync_runtime.public_addresses import AllowedAddresses


def build(runtime: Runtime, settings: ConsoleSettings) -> None:
    """Wire the console."""
    clock, database = runtime.clock, runtime.database
    sessions = Sessions(database, idle=settings.session_idle, lifetime=settings.session_lifetime, clock=clock)
    accounts, cookies = Accounts(database), Cookies(is_secure=settings.is_secure)
    drafts = DraftKeeping(Drafts(database, clock=clock), cookies)
    stored_actions, notes, reports = ActionStore(database), Notes(database), BulkReports(database)
    for store in (sessions, accounts, stored_actions, notes, reports):
        runtime.on_start(store.ensure_indexes)
    runtime.on_start(accounts.get_ready)
    throttle = LoginThrottle(database, failures=settings.login_failures, wait=settings.login_wait, clock=clock)
    actions = Actions(runtime.publishes(*PUBLISHED), stored_actions, database, clock=clock)
    hub = live(runtime, actions, stored_actions, notes, reports)
    runtime.background("watching", SessionWatch(hub, sessions).run)

    publisher = publisher_api(runtime, settings)
    lists = ProductLists(publisher, allow_private=settings.image_allow_private)

    pages = Pages(position=hub.earlier)
    login = LoginScreen(pages, accounts, sessions, throttle, lists, settings=settings)
    screens = (
        login,
        PasswordScreen(pages, accounts, sessions, throttle, cookies=cookies, clock=clock),
        ActionScreen(pages, actions, SyncOutcomes(database, clock=clock)),
        ProductScreen(pages, database, actions, lists, drafts, clock=clock),
        BulkScreen(pages, database, actions, lists, reports, drafts),
        StreamScreen(hub),
        ProductsScreen(pages, database, actions, clock=clock),
        SyncScreen(pages, database, actions, lists.demands, drafts, clock=clock),
        ReimportScreen(pages, database, actions),
        PictureScreen(database, picture_files(runtime, settings)),
        AuthorizationScreen(pages, publisher, database, drafts, clock=clock),
        SettingsScreen(pages, actions, database, drafts),
        HistoryScreen(pages, database, actions, notes),
        HelpScreen(pages),
    )
    routes = [route for screen in screens for route in screen.routes()]
    application = make_application(
        AuthorizationGate(database, clock=clock).before(routes),
        pages=pages,
        sessions=sessions,
        ask_for_login=login.keep_and_ask,
        cookies=cookies,
        settings=settings,
    )
    runtime.add_routes([at_every_path(behind_proxies(application, settings))])


def publisher_api(runtime: Runtime, settings: ConsoleSettings) -> PublisherApi:
    """The client, with connections that end with the process. No company's proxy: the publisher is inside."""
    connections = Connections(ssl_context=web_context(runtime.common.http_tls_files))
    runtime.on_stop(connections.aclose)
    return PublisherApi(connections, settings.publisher_url, settings.publisher_token)


def picture_files(runtime: Runtime, settings: ConsoleSettings) -> PictureFiles:
    """The client for product images, likewise."""
    pictures = PictureFiles(
        AllowedAddresses(allow_private=settings.image_allow_private),
        ssl_context=web_context(runtime.common.http_tls_files),
        proxies=runtime.common.http_proxies(),
    )
    runtime.on_stop(pictures.aclose)
    return pictures


def live(runtime: Runtime, actions: Actions, store: ActionStore, notes: Notes, reports: BulkReports) -> Hub:
    """What follows actions to their end beside the pages, and tells open pages; their streams end with the process."""
    hub = Hub()
    follower = Follower(store, Situation(runtime.database), hub, reports=reports, clock=runtime.clock)
    reading = Reader(runtime.kafka, runtime.common.topic_prefix, hub, follower, notes, clock=runtime.clock)
    actions.on_sent(lambda _action: follower.wake())
    runtime.on_start(reading.start)
    runtime.background("following", follower.run)
    runtime.background("reading", reading.run)
    runtime.on_stop(hub.aclose)
    return hub
