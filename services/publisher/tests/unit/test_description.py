import hypothesis.strategies as st
import pytest
from hypothesis import given

from publisher.description import UploadedImage, image_sources, reduce_description

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
        ("<p><b>太<i>斜</i></b>後</p>", "<p><strong>太<em>斜</em></strong>後</p>"),
        ("<p></p><div> </div><b></b>", ""),
        ('<a href="/guide">案内 &raquo;</a>', "<p>案内 »</p>"),
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
    reduced = reduce_description('<div><img src="x"></div>', {"x": IMAGE})
    assert reduced == '<p><img src="https://img/a.jpg" width="600" height="400"></p>'


@given(st.lists(st.sampled_from(["<p>", "</p>", "<b>", "</i>", "<i>", "</b>", "<ul>", "<li>", "</ul>", "字", "&lt;"])))
def test_whatever_comes_in_reducing_again_changes_nothing(parts):
    once = reduce_description("".join(parts), {})
    assert reduce_description(once, {}) == once
    assert "&" not in once
