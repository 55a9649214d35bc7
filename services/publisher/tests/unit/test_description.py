import hypothesis.strategies as st
import pytest
from hypothesis import given

from publisher.content.description import image_sources, reduce_description
from publisher.model import UploadedImage

IMAGE = UploadedImage("tos/a", "https://img/a.jpg", 600, 400)


@pytest.mark.parametrize(
    ("html", "reduced"),
    [
        ("<p>一<br />二</p>", "<p>一<br>二</p>"),
        ("素のテキスト", "<p>素のテキスト</p>"),
        ('<h3 style="color:red">見出し</h3><div><div>本文</div></div>', "<p>見出し</p><p>本文</p>"),
        ("<ul class='n'><li>甲</li><li>乙<ul><li>丙</li></ul></li></ul>", "<ul><li>甲</li><li>乙</li><li>丙</li></ul>"),
        ("<table><tr><th>素材</th><td>綿</td></tr><tr><td>A</td></tr></table>", "<p>素材 綿</p><p>A</p>"),
        ("<script>alert(1)</script><style>p{}</style><p onclick='x()'>安全</p><!-- c -->", "<p>安全</p>"),
        ("<p>A&amp;B &lt;3 &nbsp;★😀</p>", "<p>A＆B ＜3</p>"),
        ("<p><b>太<i>斜</i>太</b>後</p>", "<p><strong>太斜太</strong>後</p>"),
        ("<p></p><div> </div><b></b>", ""),
        ('<a href="/guide">案内 &raquo;</a>', "<p>案内 »</p>"),
        ('前<iframe src="https://v">再生できません <b>x</b></iframe>後<noscript>JSを</noscript>', "<p>前後</p>"),
        ("cotton <b>soft</b> <i>light</i> socks", "<p>cotton <strong>soft</strong> <em>light</em> socks</p>"),
        ("<p>ーーーーー<b>ーーーーー</b>ーー</p>", "<p>ーーーーー<strong>ーーーー</strong></p>"),
        ("<p>ーーーーー</p><p>ーーーーー</p>", "<p>ーーーーー</p><p>ーーーーー</p>"),
        ("<p>手元\ue63eに\u00ad届く⌚⭐</p>", "<p>手元に届く</p>"),
        ("&&&&&&&＆＆＆＆", f"<p>{'＆' * 9}</p>"),
        ('<img src="data:image/png;base64,AAAA">文', "<p>文</p>"),
    ],
)
def test_html_becomes_flat(html, reduced):
    assert reduce_description(html, {}) == reduced


def test_images_are_rewritten_or_left_out():
    html = '<p>前<img src="https://shop/a.jpg" width="9" onerror="x()"><img src="https://shop/b.jpg">後</p>'
    assert image_sources(html) == ["https://shop/a.jpg", "https://shop/b.jpg"]
    expected = '<p>前<img src="https://img/a.jpg" width="600" height="400">後</p>'
    assert reduce_description(html, {"https://shop/a.jpg": IMAGE}) == expected


def test_an_image_alone_keeps_its_paragraph():
    reduced = reduce_description('<div><img src="https://h/x"></div>', {"https://h/x": IMAGE})
    assert reduced == '<p><img src="https://img/a.jpg" width="600" height="400"></p>'


def test_no_more_than_thirty_images_are_shown_however_often_each_stands_there():
    html = '<p><img src="https://h/x"></p>' * 40
    assert reduce_description(html, {"https://h/x": IMAGE}).count("<img") == 30


@given(st.lists(st.sampled_from(["<p>", "</p>", "<b>", "</i>", "<i>", "</b>", "<ul>", "<li>", "</ul>", "字", "&lt;"])))
def test_whatever_comes_in_reducing_again_changes_nothing(parts):
    once = reduce_description("".join(parts), {})
    assert reduce_description(once, {}) == once
    assert "&" not in once
