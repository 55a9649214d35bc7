# ruff: noqa: INP001 - a script, copied into an image by itself
"""The demo's story told to containers that run already: a one-shot of docker-compose.yml, profile `sandbox`."""

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.demo import report
from shopsync_rehearsals.demo.checks import findings
from shopsync_rehearsals.demo.stack import Plan, Stack
from shopsync_rehearsals.demo.story import Outcome, Story
from shopsync_rehearsals.installation import Installation
from shopsync_rehearsals.kafka_login import login_of


@dataclass(frozen=True, slots=True)
class Address:
    """A service that somebody else started."""

    url: str


async def tell() -> Outcome:
    """Run the whole story. Raises TimeoutError or RuntimeError naming the step that did not work."""
    env = os.environ
    plan = Plan(products=int(env["DEMO_PRODUCTS"]))
    installation = Installation(
        kafka_bootstrap=env["SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"],
        mongo_uri="",
        topic_prefix=env.get("SHOPSYNC_TOPIC_PREFIX", "shopsync"),
    )
    stack = Stack(
        installation,
        folder=Path(tempfile.gettempdir()),
        futureshop={"url": env["DEMO_FUTURESHOP_URL"]},
        tiktok={"url": env["DEMO_TIKTOK_URL"]},
        services={"publisher": Address(env["DEMO_PUBLISHER_URL"])},  # type: ignore[dict-item]
    )
    login = login_of(env)
    async with connected(installation.kafka_bootstrap, installation.topic_prefix, login=login) as (bus, follower):
        story = Story(stack, plan, bus, follower, progress=_progress, patience=120 + plan.products)
        return await story.run()


def _progress(step: str, done: int, of: int) -> None:
    if done in {0, of}:
        sys.stdout.write(f"{step}: {done}/{of}\n")
        sys.stdout.flush()


def main() -> int:
    """Exit code 0 when the story ended and nothing was off."""
    console = Console(width=100)
    try:
        outcome = asyncio.run(tell())
    except (TimeoutError, RuntimeError, httpx.HTTPError) as error:
        console.print(f"{error}", style="red", highlight=False)
        return 1
    for table in report.summary(outcome):
        console.print(table)
    off = findings(outcome.facts) if outcome.facts else ["the story ended without facts to check"]
    for finding in off:
        console.print(f"off: {finding}", style="red", highlight=False)
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
