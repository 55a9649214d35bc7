"""What a shopper cannot read is not sent: hidden and struck-out words, page controls, addresses that are none."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from publisher.content.description import image_sources, read_description, reduce_description
from publisher.content.text import clean_line, cleaned_line

HIDDEN_STYLES = [
    "display:none",
    "DISPLAY : NONE",
    "display:none!important",
    "display:/* x */none",
    "color:red;display:none",
    "visibility:hidden",
    "visibility:collapse",
    "opacity:0",
    "opacity:.0",
    "opacity:0%",
    "filter:opacity(0)",
    "font-size:0",
    "font-size:0px",
    "font-size:1px",
    "font:0/0 a",
    "font:bold 0 serif",
    "color:transparent",
    "color:rgba(0,0,0,0)",
    "color:#0000",
    "color:hsl(0 0% 0% / 0)",
    "text-indent:-9999px",
    "text-indent:-100%",
    "position:absolute;left:-9999px",
    "position:fixed;top:-1000em",
    "margin-left:-9999px",
    "position:absolute;clip:rect(0,0,0,0)",
    "clip:rect(1px 1px 1px 1px)",
    "clip-path:inset(50%)",
    "clip-path:circle(0)",
    "height:0;overflow:hidden",
    "max-height:0;overflow:clip",
    "width:1px;height:1px;overflow:hidden",
    "transform:scale(0)",
    "transform:translateX(-9999px)",
    "scale:0",
    "content-visibility:hidden",
    "d\\69splay:none",
    "display:none;display:foo",
    "opacity:0;content-visibility:visible",
    "opacity:0;filter:none",
    "margin-left:-9999px;transform:none",
    "transform:translateX(-9999px);scale:1",
    "translate:-9999px",
    "transform:scale(0,1)",
    "clip:rect(0,0,0,0);clip-path:none",
    "clip-path:polygon(0 0,0 0,0 0)",
    "clip-path:inset(0 0 100% 0)",
    "-webkit-text-fill-color:transparent;color:#000",
    "color:rgba(0,0,0,.001)",
    "text-indent:100%;white-space:nowrap;overflow:hidden",
    "position:absolute;left:-100vw",
    "position:absolute;left:9999px",
    "position:absolute;left:-100%",
    "position:absolute;inset:0 auto auto -9999px",
    "max-height:0;height:auto;overflow:hidden",
    "width:1px;height:1px;overflow:hidden;padding:0;height:auto",
]
VISIBLE_STYLES = [
    "display:block",
    "display:none;display:block",
    "display:none;display:block!important",
    "visibility:visible",
    "opacity:.5",
    "opacity:1",
    "font-size:12px",
    "font-size:80%",
    "font:bold 12px/0 serif",
    "font-weight:700",
    "color:#fff",
    "color:inherit",
    "text-indent:1em",
    "text-indent:-1em",
    "position:absolute;left:0",
    "left:-9999px",
    "margin-left:-10px",
    "height:0",
    "overflow:hidden",
    "height:100px;overflow:hidden",
    "width:0%",
    "clip:auto",
    "clip-path:none",
    "transform:scale(1.5)",
    "transform:rotate(0)",
    "text-decoration:underline",
    "x",
    "display",
    ":::",
    "/* display:none */color:red",
    "background:url('display:none')",
    "background:linear-gradient(red,blue);-webkit-background-clip:text;-webkit-text-fill-color:transparent",
    "background:linear-gradient(red,blue) text;color:transparent",
    "-webkit-text-fill-color:#000;color:transparent",
    "position:relative;height:0;padding-bottom:56%;overflow:hidden",
    "overflow:auto;width:0;min-width:100%",
    "max-height:0;overflow:hidden;max-height:none",
    "height:0;overflow:hidden;height:auto",
    "position:absolute;left:-9999px;left:0",
    "margin-left:-9999px;margin-left:0",
    "margin:0 -9999px;padding:0 9999px",
    "margin:-1000px auto 0;padding-top:1000px",
    "text-indent:100%",
    "transform:scaleX(-1)",
    "transform:scale(-1,1)",
    "filter:opacity(0);filter:none",
    "clip-path:inset(50px)",
    "clip-path:polygon(0 0,100% 0,50% 100%)",
    "font-size:0;font-size:calc(10px + 1vw)",
    "font-size:clamp(1rem,2vw,3rem)",
]
STRUCK_STYLES = [
    "text-decoration:line-through",
    "TEXT-DECORATION:LINE-THROUGH",
    "text-decoration:red line-through 2px",
    "text-decoration:underline line-through",
    "text-decoration-line:line-through",
    "text-decoration:line-through!important",
    "-webkit-text-decoration:line-through",
    "text-decoration:/**/line-through",
]
HIDDEN = [
    "<p hidden>{}</p>",
    "<p HIDDEN=''>{}</p>",
    "<p hidden=until-found>{}</p>",
    "<dialog>{}</dialog>",
    "<div class='x d-none y'>{}</div>",
    "<span class=sr-only>{}</span>",
    "<div style='display:none'><p><b>{}</b></p></div>",
    "<style>.memo{{display:none}}</style><p class='a memo'>{}</p>",
    "<p class=memo>{}</p><style>P.memo{{visibility:hidden}}</style>",
    "<style>#m{{display:none}}p{{display:block}}</style><p id=m>{}</p>",
    "<style>div>.a .b,i{{opacity:0}}</style><div><u class=a><b class=b>{}</b></u></div>",
    "<style>p{{display:none!important}}</style><p style='display:block'>{}</p>",
    "<style>/*x*/P.A{{}} p{{display:none}}</style><p>{}</p>",
    "<style>@media screen{{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media (max-width: 600px){{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media (prefers-color-scheme:dark){{p{{display:none}}}}</style><p>{}</p>",
    "<style>@supports (a:b){{p{{display:none}}}}</style><p>{}</p>",
    "<style>p[data-x]{{display:none}}</style><p data-x>{}</p>",
    "<style media=screen>p{{display:none}}</style><p>{}</p>",
    "<div style='font-size:0'><span style='font-size:1em'>{}</span></div>",
    "<style>.a{{ .b{{display:none}} }}</style><div class=a><p class=b>{}</p></div>",
    "<style>.a{{ &.b, > i{{display:none}} }}</style><p class='a b'>{}</p>",
    "<style>.a, .x{{ @media screen{{ display:none }} }}</style><p class=a>{}</p>",
    "<style>@media not all and (min-width:768px){{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media not print{{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media (width<600px){{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media (max-width:40em) and (orientation:portrait){{p{{display:none}}}}</style><p>{}</p>",
    "<p style='color:((({}'>{{}}</p>".format("(" * 5000),
]
NOT_SENT = [
    "<!-- {} -->",
    "<template>{}</template>",
    "<noscript>{}</noscript>",
    "<script>{}</script>",
    "<style>{}</style>",
    "<title>{}</title>",
    "<textarea>{}</textarea>",
    "<svg><text>{}</text></svg>",
    "<iframe>{}</iframe>",
    "<object>{}</object>",
    "<video>{}</video>",
    "<canvas>{}</canvas>",
    "<input type=hidden value='{}'>",
    "<p title='{}'></p>",
    "<img alt='{}' src='/x.jpg'>",
    "<datalist><option>{}</option></datalist>",
    "<select><option>{}</option></select>",
    "<button>{}</button>",
    "<label>{}</label>",
    "<rp>{}</rp>",
    "<![CDATA[{}]]>",
    "<noframes>{}</noframes>",
    "<math><mi>{}</mi></math>",
]
STRUCK = [
    "<s>{}</s>",
    "<S>{}</S>",
    "<del>{}</del>",
    "<strike>{}</strike>",
    "<del><p>{}</p></del>",
    "<s><b style='text-decoration:none'>{}</b></s>",
    "<style>.old{{text-decoration:line-through}}</style><span class=old>{}</span>",
    "<style>b{{text-decoration-line:line-through!important}}</style><b style='text-decoration:none'>{}</b>",
    "<p style='text-decoration:line-through'>通常<b>価格 {}</b></p>",
    "<span class=line-through>{}</span>",
    "<del 旧価格>{}</del>",
    "<del><table><tr><td>{}</td></tr></table></del>",
    "<s>{}",
    "<s/>{}</s>",
]
VISIBLE = [
    "<p aria-hidden=true>{}</p>",
    "<details><summary>詳細</summary>{}</details>",
    "<details>{}</details>",
    "<p hidden style='display:block'>{}</p>",
    "<dialog open>{}</dialog>",
    "<del style='text-decoration:none'>{}</del>",
    "<ins>{}</ins>",
    "<u>{}</u>",
    "<style>.x{{display:none}}</style><p class=y>{}</p>",
    "<style>p{{display:none}}.x{{display:block}}</style><p class=x>{}</p>",
    "<style>@media print{{p{{display:none}}}}</style><p>{}</p>",
    "<style media=print>p{{display:none}}</style><p>{}</p>",
    "<style>@media (min-width: 768px){{p{{display:none}}}}</style><p>{}</p>",
    "<style>.sp{{display:none}}@media screen and (max-width:600px){{.sp{{display:block}}}}</style><p class=sp>{}</p>",
    "<style>p:hover{{display:none}}p::before{{display:none}}@x;}}{{</style><p>{}</p>",
    "<style>@font-face{{display:none}}@keyframes p{{from{{opacity:0}}}}</style><p>{}</p>",
    "<ul style='font-size:0'><li style='font-size:14px'>{}</li></ul>",
    "<div style='visibility:hidden'><p style='visibility:visible'>{}</p></div>",
    "<style>@media (min-width:48em){{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media (min-width:768px) and (orientation:landscape){{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media not screen{{p{{display:none}}}}</style><p>{}</p>",
    "<style>.sp{{display:none}}@media (max-width:40em){{.sp{{display:block}}}}</style><p class=sp>{}</p>",
    "<style>p{{display:none}}@media (width<=600px){{p{{display:block}}}}</style><p>{}</p>",
    "<style>@supports not (display:grid){{p{{display:none}}}}</style><p>{}</p>",
    "<style>.a{{ .b{{display:none}} }}</style><p class=b>{}</p>",
    "<style>p{DEEP}</style><p>{}</p>".replace("{DEEP}", "{{& &" * 60),
    "<style>{DEEP}</style><p>{}</p>".replace("{DEEP}", "@media screen{{" * 3000),
    "<p>{} a<b と c</p>",
    "<x-box>{}</x-box>",
    "<o:p>{}</o:p>",
    "<legend>{}</legend>",
    "<marquee>{}</marquee>",
    "<font color=red>{}</font>",
    "<a href='#'>{}</a>",
]
SECRET = "仕入値980"


def sent(html):
    return reduce_description(f"<div>前</div>{html}<div>後</div>", {})


@pytest.mark.parametrize("style", HIDDEN_STYLES)
@pytest.mark.parametrize(
    "html", ['<span style="CSS">WORDS</span>', '<style>.z{CSS}</style><span class="z">WORDS</span>']
)
def test_what_css_hides_is_left_out_and_reported(style, html):
    description = html.replace("CSS", style).replace("WORDS", SECRET)
    assert sent(description) == "<p>前</p><p>後</p>"
    assert read_description(description).notes == ("1 hidden parts were left out, shoppers do not see them",)
    assert SECRET not in "".join(read_description(description).notes)


@pytest.mark.parametrize("style", VISIBLE_STYLES)
def test_what_css_shows_is_sent(style):
    assert SECRET in sent(f'<span style="{style}">{SECRET}</span>')


@pytest.mark.parametrize("html", HIDDEN)
def test_what_is_hidden_is_left_out_and_reported(html):
    assert sent(html.format(SECRET)) == "<p>前</p><p>後</p>"
    assert any("hidden parts were left out" in note for note in read_description(html.format(SECRET)).notes)


@pytest.mark.parametrize("html", NOT_SENT)
def test_what_is_no_text_of_the_page_is_not_sent(html):
    assert sent(html.format(SECRET)) == "<p>前</p><p>後</p>"


@pytest.mark.parametrize("html", [*STRUCK, *(f"<span style='{style}'>{{}}</span>" for style in STRUCK_STYLES)])
def test_pr5_what_is_struck_out_is_left_out_and_told(html):
    html = html.format("5,000円")
    assert "5,000" not in sent(html)
    assert any("struck-out" in note for note in read_description(html).notes)


@pytest.mark.parametrize("html", VISIBLE)
def test_what_shoppers_read_is_sent(html):
    assert SECRET in sent(html.format(SECRET))


def test_pr5_a_price_beside_the_struck_out_one_stays():
    assert reduce_description("<s>通常価格 5,000円</s> 特価 3,000円", {}) == "<p>特価 3,000円</p>"
    assert clean_line("<del>5,000円</del> 特価3,000円 靴下") == "特価3,000円 靴下"
    assert "struck-out" in cleaned_line("<del>5,000円</del> 靴下").notes[0]
    assert clean_line("<span style='display:none'>社内</span>靴下") == "靴下"
    assert clean_line("<del 旧価格>5,000円</del>靴下") == "靴下"


@pytest.mark.parametrize("comment", ["<!-- 社内 -->", "<!-- 社内 --!>", "<!-- <b>社内</b> > -->"])
def test_comments_in_a_name_are_not_sent(comment):
    assert clean_line(f"靴下{comment} 青") == "靴下 青"
    assert clean_line(f"靴下{comment[:7]}") == "靴下", "an unfinished comment goes on to the end"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ruby>薔薇<rt>ばら</rt></ruby>", "薔薇(ばら)"),
        ("<ruby>薔薇<rp>(</rp><rt>ばら</rt><rp>)</rp></ruby>の花", "薔薇(ばら)の花"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>", "漢(かん)字(じ)"),
        ("<ruby>漢<rp>（<rt>かん<rp>）字<rp>（<rt>じ<rp>）</ruby>", "漢(かんじ)"),
        ("<ruby><rb>東</rb><rb>京</rb><rt>とう</rt><rt>きょう</rt></ruby>", "東京(とうきょう)"),
        ("<ruby><rb>東<rb>京<rt>とう<rt>きょう</ruby>", "東京(とうきょう)"),
        ("<ruby>東京<rtc><rt>とう</rt><rt>きょう</rt></rtc><rtc>Tokyo</rtc></ruby>", "東京(とうきょう)(Tokyo)"),
        ("<ruby><ruby>東<rt>とう</rt>京<rt>きょう</rt></ruby><rt>Tokyo</rt></ruby>", "東(とう)京(きょう)(Tokyo)"),
        ("<ruby>\n 薔薇\n <rt> ばら </rt>\n</ruby> の花", "薔薇 (ばら) の花"),
        ("<ruby>新<rt>New <i>York</i></rt></ruby>", "新(New York)"),
        ("<ruby>薔薇<rt></rt></ruby>", "薔薇"),
        ("<ruby>薔薇<rt hidden>ばら</rt></ruby>", "薔薇"),
        ("<ruby>薔薇<rt>ばら</rt></ruby><ruby>園<rt>えん</rt></ruby>", "薔薇(ばら)園(えん)"),
    ],
)
def test_readings_stand_in_parentheses(html, text):
    assert clean_line(html) == text
    assert reduce_description(html, {}).replace("<em>", "").replace("</em>", "") == f"<p>{text}</p>"


@pytest.mark.parametrize(
    ("html", "sources"),
    [
        ("<img src=' https://h/a.jpg\n'>", ["https://h/a.jpg"]),
        ("<img src='https://h/a\n\t.jpg'>", ["https://h/a.jpg"]),
        ("<img src='\u3000https://h/a.jpg\u3000'>", ["https://h/a.jpg"]),
        ("<img src='//h/a.jpg'>", ["https://h/a.jpg"]),
        ("<img src='HTTPS://h/a.jpg'>", ["HTTPS://h/a.jpg"]),
        ("<img src='https://h/a.jpg?x=1&y=2&copy=3'>", ["https://h/a.jpg?x=1&y=2&copy=3"]),
        ("<img src='data:image/gif;base64,R0' data-src='https://h/a.jpg'>", ["https://h/a.jpg"]),
        ("<img src='https://h/spacer.gif' data-original='//h/a.jpg'>", ["https://h/a.jpg"]),
        ("<img data-lazy='https://h/a.jpg'>", ["https://h/a.jpg"]),
        ("<img data-srcset='https://h/s.jpg 400w, https://h/l.jpg 800w'>", ["https://h/l.jpg"]),
        ("<img srcset='https://h/s.jpg, https://h/l.jpg 2x'>", ["https://h/l.jpg"]),
        ("<img srcset='https://h/s.jpg 1.5x, https://h/l.jpg 2.5x'>", ["https://h/l.jpg"]),
        ("<img srcset='https://h/s.jpg 1x, /l.jpg 1.2.3x, data:image/png;base64,AA 9x'>", ["https://h/s.jpg"]),
        ("<img src='https://h/a.jpg' srcset='https://h/l.jpg 2x'>", ["https://h/a.jpg"]),
        ("<picture><source srcset='https://h/a.webp'><img></picture>", ["https://h/a.webp"]),
        ("<picture><source srcset='https://h/a.webp'><img src='https://h/a.jpg'></picture>", ["https://h/a.jpg"]),
    ],
)
def test_an_image_is_fetched_from_where_a_browser_would_find_it(html, sources):
    assert image_sources(html) == sources
    assert read_description(html).notes == ()


@pytest.mark.parametrize(
    "src",
    [
        "src='data:image/png;base64,AAAA'",
        "src='/a.jpg'",
        "src='a.jpg'",
        "src='cid:1'",
        "src=''",
        "",
        "src='blob:x'",
        "src='file:///c:/a.jpg'",
        "data-src='/a.jpg'",
    ],
)
def test_an_image_without_an_address_is_reported(src):
    assert image_sources(f"<img {src}>") == []
    (note,) = read_description(f"<img {src}>").notes
    assert note.startswith("1 images were left out, they have no http(s) address: '")


def test_bad_addresses_are_shortened_in_notes():
    html = "<img src='/a.jpg'>" + f"<img src='data:{'A' * 1_000_000}'>" * 20
    (note,) = read_description(html).notes
    assert note.startswith("21 images were left out, they have no http(s) address: '/a.jpg', 'data:AAA")
    assert len(note) < 500


def test_hidden_and_struck_images_are_not_fetched():
    html = "<div hidden><img src='https://h/a'></div><s><img src='https://h/b'></s><img hidden src='https://h/c'>"
    assert image_sources(html) == []
    assert read_description(html).notes[0].startswith("2 hidden")


def test_a_document_that_nests_deeper_than_pythons_stack_is_read():
    assert reduce_description("<div>" * 3_000 + "字", {}) == "<p>字</p>"


WORDS = st.text(st.sampled_from("あ字aA1 <>&;/='\"!-sbM"), max_size=20)


@given(WORDS)
def test_no_word_of_plain_text_is_lost(text):
    """What looks like HTML but is not stays readable, every character of it."""
    plain = "".join(letter for letter in text if letter not in "<>&/!-='\"")
    expected = "".join(plain.split())
    kept = "".join(clean_line(text.replace("<", " < ")).split())
    assert [letter for letter in kept if letter.isalnum() or letter == ";"] == list(expected)


PIECES = [*"あ字aA1 <>&;\n\r\u2028★❶♥⭐\ue63e\u200b", "<s>", "</s>", "<b>", "</b>", "<L>", "<!--", "-->"]
MORE = ["&amp;", "&lt;", "&not", "ー" * 12, "1️⃣"]


@given(st.lists(st.sampled_from(PIECES + MORE), max_size=15).map("".join), st.booleans())
def test_cleaning_twice_is_cleaning_once(text, name_symbols):
    once = cleaned_line(text, name_symbols=name_symbols).text
    assert cleaned_line(once, name_symbols=name_symbols).text == once
