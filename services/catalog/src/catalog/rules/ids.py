from uuid import NAMESPACE_URL, uuid5


def derived_id(cause: str, *parts: str) -> str:
    """Event id of what follows from `cause`, such as another event's id: a repeat of the cause repeats the id."""
    return str(uuid5(NAMESPACE_URL, "\x1f".join(("shopsync.catalog", cause, *parts))))
