"""Queries that need no index, each with its reason."""

_CATALOG = "services/catalog/src/catalog"
_JANITOR = "services/janitor/src/janitor"
_PUBLISHER = "services/publisher/src/publisher"
_READMODEL = "libs/readmodel/src/shopsync_readmodel"
_CLI = "tools/cli/src/shopsync_cli"
_PER_SHOP = "one document per shop"

READ_AS_A_WHOLE: dict[tuple[str, str], str] = {
    (f"{_CATALOG}/store/shops.py:ShopStore.timed_shops", "shops"): f"{_PER_SHOP}: those with a schedule",
    (f"{_JANITOR}/catalog_view.py:CatalogView.shop_keys", "shops"): f"{_PER_SHOP}: all, once a night",
    (f"{_PUBLISHER}/store/authorizations.py:Authorizations.all", "authorizations"): f"{_PER_SHOP}: all, to check a key",
    (f"{_PUBLISHER}/store/authorizations.py:Authorizations.expiring", "authorizations"): f"{_PER_SHOP}: once a minute",
    (f"{_PUBLISHER}/store/authorizations.py:Authorizations.without_webhook", "authorizations"): f"{_PER_SHOP}: once",
    (f"{_PUBLISHER}/store/jobs.py:Jobs.release_all_of", "push_jobs"): "once, when a publisher with a fixed name starts",
    (f"{_PUBLISHER}/store/pauses.py:Pauses.shops", "push_pauses"): "one document per shop that was ever paused",
    (f"{_READMODEL}/products/counts.py:count_products", "products"): "an operator asks for the counts of all shops",
    (f"{_READMODEL}/products/counts.py:count_products", "shops"): f"{_PER_SHOP}: an operator asks for all",
    (
        f"{_READMODEL}/products/counts.py:count_statuses",
        "products",
    ): "of an index alone, at most a twentieth of the time",
    (f"{_READMODEL}/permitted.py:if_allowed", "command_positions"): "one document per partition of push-commands",
    (f"{_READMODEL}/permitted.py:if_allowed", "restorations"): "one document per restore",
    (f"{_READMODEL}/shops/overview.py:read_shops", "shops"): f"{_PER_SHOP}: an operator asks for all",
    (f"{_READMODEL}/token_keys.py:read_keys", "authorization_states"): f"{_PER_SHOP}: an operator asks for all",
    (f"{_READMODEL}/permitted.py:if_allowed", "app_troubles"): "one document per publisher",
    (f"{_READMODEL}/permitted.py:if_allowed", "authorization_states"): f"{_PER_SHOP}: an operator asks for all",
    (f"{_READMODEL}/permitted.py:if_allowed", "paces"): f"{_PER_SHOP}: an operator asks for all",
    (f"{_READMODEL}/permitted.py:if_allowed", "push_pauses"): "one document per shop that was ever paused",
    (f"{_READMODEL}/shops/pushes.py:read_pushes", "push_jobs"): "an operator asks for the pushes of all shops",
    (f"{_READMODEL}/shops/pushes.py:read_shop_pushes", "push_jobs"): "an operator asks for the pushes of all shops",
    ("libs/accounts/src/shopsync_accounts/store.py:Accounts.list", "accounts"): f"{_PER_SHOP}: an operator asks",
    (f"{_CLI}/restoring.py:waiting_jobs", "push_jobs"): "once, after a restore",
    (f"{_CLI}/letters/reading.py:_held", "held_messages"): "an operator asks for all that is held, and gets the places",
}
"""By function and collection."""
