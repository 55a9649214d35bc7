"""What Docker would send to the build of an image."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


class Ignore:
    """.dockerignore as Docker 20.10 reads it: the last pattern that matches decides, and a folder that is left out is
    looked into only for an exception whose text begins with the folder's path."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._patterns = [line for line in lines if line and not line.startswith("#")]

    def leaves_out(self, path: str) -> bool:
        parts = path.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        out = False
        for pattern in self._patterns:
            if any(re.fullmatch(_expression(pattern.removeprefix("!")), one) for one in above):
                out = not pattern.startswith("!")
        return out

    def looks_into(self, folder: str) -> bool:
        return not self.leaves_out(folder) or any(one.startswith(f"!{folder}/") for one in self._patterns)

    def context(self, root: Path) -> Iterator[str]:
        """The files that are sent."""
        for top, folders, files in os.walk(root):
            at = Path(top).relative_to(root)
            folders[:] = [name for name in folders if self.looks_into((at / name).as_posix())]
            yield from (path for name in files if not self.leaves_out(path := (at / name).as_posix()))


def _expression(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(piece, re.escape(piece)) for piece in pieces)


def ignore() -> Ignore:
    return Ignore((ROOT / ".dockerignore").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sent() -> set[str]:
    return set(ignore().context(ROOT))


def test_everything_that_the_images_are_built_from_is_sent(sent):
    wanted = {
        path.relative_to(ROOT).as_posix()
        for part in ("libs", "services", "tools")
        for path in [*(ROOT / part).glob("*/pyproject.toml"), *(ROOT / part).glob("*/src/**/*.py")]
    }
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    locks = [f"deploy/{name}" for name in ("requirements.lock", "requirements-sandbox.lock")]
    wanted |= {path for path in [*copied, *locks] if not path.endswith("/") and "$" not in path}
    assert wanted <= sent


def test_nothing_else_is_sent(sent):
    strange = {
        path
        for path in sent
        if not re.match(r"(libs|services|tools)/\w+/|deploy/(healthcheck\.py|[\w-]+\.lock)$", path)
    }
    assert not strange
    assert not {path for path in sent if re.search(r"(^|/)(tests|__pycache__|\.\w[^/]*)/|\.env|\.egg-info", path)}


def test_the_exceptions_that_docker_20_10_does_not_find_are_not_found_here_either():
    """A check of this test: with wildcards in the exceptions libs/ is left out."""
    former = Ignore("*\n!libs/*/pyproject.toml\n!libs/*/src\n!deploy/*.lock\n")
    sent = set(former.context(ROOT))
    assert not {path for path in sent if path.startswith("libs/")}
    assert "deploy/requirements.lock" in sent
