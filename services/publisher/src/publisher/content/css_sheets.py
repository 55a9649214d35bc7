"""The style sheets inside a description: which rules apply to which elements. Pure."""

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import tinycss2
from selectolax.lexbor import LexborHTMLParser, SelectolaxError
from tinycss2.ast import AtRule, LiteralToken, Node, QualifiedRule

from publisher.content.css_declarations import Effects
from publisher.content.css_hiding import declared, only_hiding

_PHONE_WIDTH = 390
_EM = 16.0
_LONGEST_SELECTOR = 1_000
_WIDTH = re.compile(
    r"(?:(?P<limit>max|min)-width\s*:|width\s*(?P<than>[<>]=?))\s*(?P<number>\d*\.?\d+)\s*(?P<unit>px|em|rem)?"
)
_ELSEWHERE = frozenset({"print", "speech", "tty", "tv", "projection", "handheld", "braille", "embossed", "aural"})
_SCREEN = frozenset({"", "screen", "all", "only screen", "only all"})


class _Rule(NamedTuple):
    specificity: tuple[int, int, int]
    order: int
    plain: Effects
    important: Effects


class Sheets:
    """The rules of all `<style>` elements in a document."""

    def __init__(self, document: LexborHTMLParser) -> None:
        self._document = document
        self._rules: defaultdict[int, list[_Rule]] = defaultdict(list)
        self._order = 0
        for style in document.css("style"):
            applies = _applies(style.attributes.get("media") or "")
            if applies is not False:
                text = style.text().replace("&amp;", "&")  # here `&` is the selector of the outer rule
                with contextlib.suppress(RecursionError):  # thousands of nested brackets are no style
                    self._read(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), applies)

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

    def _rule(self, rule: QualifiedRule, applies: bool | None, outer: str = "") -> None:
        selectors = list(_selectors(rule.prelude))
        if outer:
            selectors = [_nested(selector, outer) for selector in selectors]
        self._declarations(selectors, rule.content, applies)

    def _declarations(self, selectors: Sequence[Sequence[Node]], tokens: Sequence[Node], applies: bool | None) -> None:
        content = tinycss2.parse_blocks_contents(tokens, skip_comments=True, skip_whitespace=True)
        plain, important = declared(content)
        if applies is None:
            # It is not known whether it applies: what it hides counts, what it shows does not.
            plain, important = only_hiding(plain), only_hiding(important)
        if plain or important:
            for selector in selectors:
                self._apply(selector, plain, important)
        for node in content:
            if isinstance(node, QualifiedRule):
                outer = ", ".join(tinycss2.serialize(one).strip() for one in selectors)
                if len(outer) <= _LONGEST_SELECTOR:  # every `&` is replaced by it
                    self._rule(node, applies, outer)
            elif isinstance(node, AtRule) and node.content is not None:
                inner = _inside(node, applies)
                if inner is not False:
                    self._declarations(selectors, node.content, inner)

    def _apply(self, selector: Sequence[Node], plain: Effects, important: Effects) -> None:
        self._order += 1
        try:
            elements = self._document.css(tinycss2.serialize(selector).strip())
        except SelectolaxError:
            return  # generated content, or not a selector
        for element in elements:
            self._rules[element.mem_id].append(_Rule(_specificity(selector), self._order, plain, important))


def _nested(selector: Sequence[Node], outer: str) -> list[Node]:
    """The whole selector of a nested rule."""
    text, around = tinycss2.serialize(selector).strip(), f":is({outer})"
    whole = text.replace("&", around) if "&" in text else f"{around} {text}"
    return list(tinycss2.parse_component_value_list(whole, skip_comments=True))


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
    """The counts of ids, of classes, attributes and pseudo-classes, of types. `:not()` and `:is()` count as classes."""
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
    """Whether the rules inside an at-rule apply. None: not known. False also for at-rules without style rules."""
    match rule.lower_at_keyword:
        case "media":
            here = _applies(tinycss2.serialize(rule.prelude))
        case "supports":  # any feature that a shop asks for is supported
            here = not tinycss2.serialize(rule.prelude).strip().lower().startswith("not")
        case "layer":
            here = True
        case "container" | "scope" | "document":
            here = None
        case _:
            return False
    if here is False or applies is False:
        return False
    return None if here is None or applies is None else True


def _applies(media: str) -> bool | None:
    """Whether a media query list applies on a phone; None: it depends on something that is not known."""
    if not media.strip():
        return True
    answers = [_query(query.strip().lower()) for query in media.split(",")]
    if True in answers:
        return True
    return None if None in answers else False


def _query(query: str) -> bool | None:
    if query.startswith(("not ", "not(")):
        answer = _query(query[3:].strip())
        return None if answer is None else not answer
    kind, *features = [part.strip() for part in query.replace("(", " and (").split(" and ") if part.strip()]
    if kind.startswith("("):
        kind, features = "", [kind, *features]
    if kind in _ELSEWHERE:
        return False
    answers = [_feature(feature.strip("() ")) for feature in features]
    if False in answers:
        return False
    return None if kind not in _SCREEN or None in answers else True


def _feature(feature: str) -> bool | None:
    found = _WIDTH.fullmatch(feature)
    if found is None:
        return None
    pixels = float(found["number"]) * (1.0 if found["unit"] in {"px", None} else _EM)
    match found["limit"] or found["than"]:
        case "max":
            return pixels >= _PHONE_WIDTH
        case "min":
            return pixels <= _PHONE_WIDTH
        case "<=" | "<" as than:
            return pixels > _PHONE_WIDTH or (than == "<=" and pixels == _PHONE_WIDTH)
        case than:
            return pixels < _PHONE_WIDTH or (than == ">=" and pixels == _PHONE_WIDTH)
