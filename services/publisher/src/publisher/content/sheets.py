"""The style sheets inside a description: which of their rules meet which elements. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import tinycss2
from selectolax.lexbor import LexborHTMLParser, SelectolaxError
from tinycss2.ast import AtRule, LiteralToken, Node, QualifiedRule

from publisher.content.styles import Effects, declared

_PHONE_WIDTH = 390
_ELSEWHERE = frozenset({"print", "speech", "tty", "tv", "projection", "handheld", "braille", "embossed", "aural"})
_SCREEN = frozenset({"", "screen", "all", "only screen", "only all"})


class _Rule(NamedTuple):
    specificity: tuple[int, int, int]
    order: int
    plain: Effects
    important: Effects


class Sheets:
    """The rules of all `<style>` elements of a document."""

    def __init__(self, document: LexborHTMLParser) -> None:
        self._document = document
        self._rules: defaultdict[int, list[_Rule]] = defaultdict(list)
        self._order = 0
        for style in document.css("style"):
            applies = _applies(style.attributes.get("media") or "")
            if applies is not False:
                self._read(tinycss2.parse_stylesheet(style.text(), skip_comments=True, skip_whitespace=True), applies)

    def of(self, element: int) -> tuple[Effects, Effects]:
        """Plain and important effects on the element with this `mem_id`, in the order of the cascade."""
        plain: Effects = {}
        important: Effects = {}
        for rule in sorted(self._rules.get(element, ()), key=lambda rule: rule[:2]):
            plain |= rule.plain
            important |= rule.important
        return plain, important

    def _read(self, nodes: Iterable[Node], applies: bool | None) -> None:
        for node in nodes:
            if isinstance(node, QualifiedRule):
                self._rule(node, applies)
            elif isinstance(node, AtRule) and node.content is not None:
                inner = _inside(node, applies)
                if inner is not False:
                    rules = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                    self._read(rules, inner)

    def _rule(self, rule: QualifiedRule, applies: bool | None) -> None:
        content = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
        plain, important = declared(content)
        if applies is None:
            # Nobody knows whether it applies: what it hides stays hidden, what it shows is not shown.
            plain, important = _hiding(plain), _hiding(important)
        if not plain and not important:
            return
        for selector in _selectors(rule.prelude):
            self._order += 1
            try:
                met = self._document.css(tinycss2.serialize(selector).strip())
            except SelectolaxError:
                continue  # generated content, or no selector at all
            for element in met:
                self._rules[element.mem_id].append(_Rule(_specificity(selector), self._order, plain, important))


def _hiding(effects: Mapping[str, bool | None]) -> Effects:
    return {name: value for name, value in effects.items() if value}


def _selectors(prelude: Sequence[Node]) -> Iterator[list[Node]]:
    one: list[Node] = []
    for token in prelude:
        if isinstance(token, LiteralToken) and token.value == ",":
            yield one
            one = []
        else:
            one.append(token)
    yield one


def _specificity(selector: Sequence[Node]) -> tuple[int, int, int]:
    """Ids, classes with attributes and pseudo-classes, types. What stands in `:not()` and `:is()` counts as a class."""
    ids = classes = types = 0
    after_mark = False
    for token in selector:
        if token.type == "hash":
            ids += 1
        elif token.type == "ident":
            classes, types = classes + after_mark, types + (not after_mark)
        elif token.type in {"[] block", "function"}:
            classes += 1
        after_mark = isinstance(token, LiteralToken) and token.value in {".", ":"}
    return ids, classes, types


def _inside(rule: AtRule, applies: bool | None) -> bool | None:
    """Whether the rules inside an at-rule apply; None: nobody knows; False for those that hold no style rules."""
    match rule.lower_at_keyword:
        case "media":
            here = _applies(tinycss2.serialize(rule.prelude))
        case "supports" | "layer":
            here = True
        case "container" | "scope" | "document":
            here = None
        case _:
            return False
    return here and applies if here is not None else None


def _applies(media: str) -> bool | None:
    """Whether a media query list holds on a phone; None when it asks for something that is not known here."""
    if not media.strip():
        return True
    answers = [_query(query.strip().lower()) for query in media.split(",")]
    if True in answers:
        return True
    return None if None in answers else False


def _query(query: str) -> bool | None:
    kind, *features = [part.strip() for part in query.replace("(", " and (").split(" and ") if part.strip()]
    if kind.startswith("("):
        kind, features = "", [kind, *features]
    if kind in _ELSEWHERE:
        return False
    answers = [_feature(feature.strip("() ")) for feature in features]
    if kind not in _SCREEN or None in answers:
        return None
    return all(answers)


def _feature(feature: str) -> bool | None:
    name, _, value = feature.partition(":")
    number = value.strip().removesuffix("px")
    if name.strip() not in {"max-width", "min-width"} or not number.replace(".", "", 1).isdigit():
        return None
    is_max = name.strip() == "max-width"
    return float(number) >= _PHONE_WIDTH if is_max else float(number) <= _PHONE_WIDTH
