"""How a text names a moment: in Asia/Tokyo, with the offset."""

from datetime import datetime

from shopsync_contracts.times import JST


def show_time(moment: datetime | None) -> str:
    """`2026-11-23 09:00:00+09:00`; a dash for None."""
    return "–" if moment is None else moment.astimezone(JST).isoformat(" ", "seconds")


def is_ahead(moment: datetime | None, now: datetime) -> bool:
    """Whether the moment is still to come."""
    return moment is not None and moment > now


def show_time_en(moment: datetime | None) -> str:
    """`2026/11/23 09:05`, for merchants, as the console writes it; a dash for None."""
    return "–" if moment is None else moment.astimezone(JST).strftime("%Y/%m/%d %H:%M")


def show_time_ja(moment: datetime | None) -> str:
    """`2026年11月23日 9:05`, for merchants; a dash for None."""
    if moment is None:
        return "–"
    local = moment.astimezone(JST)
    return f"{local.year}年{local.month}月{local.day}日 {local.hour}:{local.minute:02}"
