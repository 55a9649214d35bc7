"""The pages stand on their own: links lead somewhere, cited rules exist, names are the code's."""

import json
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from catalog.settings import CatalogSettings
from console.settings import ConsoleSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_contracts.events import BODIES
from shopsync_runtime import CommonSettings
from shopsync_runtime.settings_variables import variables_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = sorted([ROOT / "README.md", ROOT / "README.ja.md", CONTRIBUTING, ROOT / "SECURITY.md", *DOCS.rglob("*.md")])
DOMAIN = (DOCS / "domain.md").read_text(encoding="utf-8")
HOUSE_STYLE = [
    page for page in PAGES if page == CONTRIBUTING or (DOCS in page.parents and not page.name.startswith("operations"))
]
WRAPPED = sorted({*PAGES, *ROOT.glob("*.md"), *ROOT.glob("libs/*/*.md")})
WIDTH = 120
SOURCES = sorted(
    path for part in ("services/*/*", "libs/*/*", "tools/*/*", "tests") for path in ROOT.glob(f"{part}/**/*.py")
)

CODE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
RULE = re.compile(r"\b(?:SC|LY|IM|RA|PR|ST|VA|ED|TG|RB|SS|LS|DL|AU|NV)-\d+\b")
DEFINED_RULE = re.compile(r"^\| ([A-Z]{2}-\d+) \|", re.MULTILINE)
DECISION = re.compile(r"\bQ\d+\b")
DEFINED_DECISION = re.compile(r"^\| (Q\d+) \|", re.MULTILINE)
SCENARIO = re.compile(r"\bscenario (\d+)\b", re.IGNORECASE)
DEFINED_SCENARIO = re.compile(r"^\| (\d+) \|", re.MULTILINE)
VARIABLE = re.compile(r"\b(?:SHOPSYNC|INGESTOR|CATALOG|PUBLISHER|JANITOR|CONSOLE)_[A-Z][A-Z_]*[A-Z]\b")

# Written with classes, so that this file does not hold what it looks for.
OUT_OF_PLACE = {
    "a path of somebody's machine": re.compile(r"(?<![\w.}/-])/(?:work|root|home|Users)(?![\w-])|(?<![\w.}/-])/tm[p]/"),
    "a folder outside the project": re.compile(r"\bshare[d]/"),
    "a package registry's host": re.compile(
        r"\b(?:pypi|pythonhosted|npmjs|crates|rubygems|ghcr|quay|maven|apache\.maven|golang|docker)[.](?:org|io|com)\b"
    ),
}
SETTINGS: tuple[type[BaseSettings], ...] = (
    CommonSettings,
    IngestorSettings,
    CatalogSettings,
    PublisherSettings,
    JanitorSettings,
    ConsoleSettings,
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(text: str) -> str:
    return INLINE_CODE.sub("", CODE.sub("", text))


def links(page: Path) -> list[str]:
    found = LINK.findall(prose(page.read_text(encoding="utf-8")))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """Headings as GitHub names them."""
    headings = HEADING.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    problems = []
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or not target.is_relative_to(ROOT):
            problems.append(f"{link}: there is no such file")
        elif anchor and anchor not in anchors(target):
            problems.append(f"{link}: the page has no such heading")
    return problems


def unknown(pattern: re.Pattern[str], known: set[str]) -> list[str]:
    """Citations in sources and pages of what domain.md does not define."""
    return [
        f"{name(path)}: {cited}"
        for path in [*SOURCES, *PAGES]
        if path != CONTRIBUTING  # its example is a rule that does not exist
        for cited in sorted(set(pattern.findall(path.read_text(encoding="utf-8"))) - known)
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    assert broken(page) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_hold_nothing_of_one_machine(page):
    text = page.read_text(encoding="utf-8")
    assert {what: found[0] for what, pattern in OUT_OF_PLACE.items() if (found := pattern.search(text))} == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /wor" + "k/main", "a path of somebody's machine"),
        ("under /tm" + "p/x", "a path of somebody's machine"),
        ("../share" + "d/design", "a folder outside the project"),
        ("https://pypi." + "org/simple", "a package registry's host"),
        ("https://files.pythonhosted." + "org/x", "a package registry's host"),
    ],
)
def test_the_search_finds_what_it_looks_for(text, what):
    assert OUT_OF_PLACE[what].search(text)


@pytest.mark.parametrize("page", HOUSE_STYLE, ids=name)
def test_a_page_says_first_who_it_is_for(page):
    assert page.read_text(encoding="utf-8").split("\n\n")[1].startswith("For ")


@pytest.mark.parametrize("page", WRAPPED, ids=name)
def test_a_page_wraps_outside_tables_and_code(page):
    """The target of a link cannot be broken and does not count."""
    lines = CODE.sub("", page.read_text(encoding="utf-8")).splitlines()
    text = [re.sub(r"\]\([^)]*\)", "]()", line) for line in lines if not line.startswith("|")]
    assert [line for line in text if len(line) > WIDTH] == []


def test_the_index_names_every_page():
    index = DOCS / "index.md"
    named = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    assert [name(page) for page in PAGES if page not in named and page != index] == []


def test_rules_are_defined_once():
    defined = DEFINED_RULE.findall(DOMAIN)
    assert len(defined) == len(set(defined)) > 100


def test_cited_rules_exist():
    assert unknown(RULE, set(DEFINED_RULE.findall(DOMAIN))) == []


def test_cited_decisions_exist():
    assert unknown(DECISION, set(DEFINED_DECISION.findall(DOMAIN))) == []


def test_cited_scenarios_exist():
    assert unknown(SCENARIO, set(DEFINED_SCENARIO.findall(DOMAIN))) == []


def test_rules_are_cited_at_all():
    cited = {rule for path in SOURCES for rule in RULE.findall(path.read_text(encoding="utf-8"))}
    assert len(cited) > 50


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_on_the_pages_are_read_by_the_code(page):
    fields = {variable for cls in SETTINGS for variable in variables_of(cls)}
    named = set(VARIABLE.findall(page.read_text(encoding="utf-8"))) - fields
    # The sandbox's and the tests' own variables stand literally in the source.
    literal = {one for one in named if any(f'"{one}"' in path.read_text(encoding="utf-8") for path in SOURCES)}
    assert sorted(named - literal) == []


def test_the_wire_format_page_names_every_event():
    page = (DOCS / "wire-format.md").read_text(encoding="utf-8")
    assert [body.TYPE for body in BODIES if f"`{body.TYPE}`" not in page] == []


def test_the_architecture_page_gives_every_collection_its_writer():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("### Collections")[2].partition("###")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE))
    plan = json.loads((ROOT / "deploy" / "mongo" / "roles.json").read_text(encoding="utf-8"))
    granted = {owned: user["name"] for user in plan["users"] for owned in user.get("owns", ())}
    assert told == {owned: writer for owned, writer in granted.items() if not owned.endswith("_leases")}
