import asyncio
import contextlib
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from publisher.errors import ImageUnreachable, ImageUnusable
from publisher.images.addresses import AllowedAddresses
from publisher.images.fetching import Fetcher
from publisher.store import KnownFile

OK = b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 5\r\n\r\nimage"


class Server:
    """Answers each request with the next of its answers, the last one repeatedly; keeps the requests."""

    def __init__(self):
        self.answers = [OK]
        self.requests = []
        self.names = []
        self.connections = 0
        self.port = 0
        self.tls = None

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower())
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(answer):
                    await answer(writer)
                else:
                    writer.write(answer)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening(server):
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=server.tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


@pytest.fixture
async def server():
    async with listening(Server()) as running:
        yield running


@pytest.fixture
def lookups():
    return []


@pytest.fixture
async def make(lookups):
    """A Fetcher that resolves every name to this machine, and keeps its lookups."""
    made = []

    async def here(host, port):
        lookups.append(host)
        return ["127.0.0.1"]

    def fetcher(*, timeout=10.0, max_bytes=1000, allow_private=True, ssl_context=None):
        resolve = AllowedAddresses(allow_private=allow_private, lookup=here)
        made.append(Fetcher(resolve, timeout=timedelta(seconds=timeout), max_bytes=max_bytes, ssl_context=ssl_context))
        return made[-1]

    yield fetcher
    for one in made:
        await one.aclose()


def moved(location):
    return f"HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()


async def test_a_file_is_fetched_with_its_validators(server, make):
    server.answers = [
        OK.replace(b"\r\n\r\n", b'\r\netag: "7"\r\nlast-modified: Mon, 23 Nov 2026 00:00:00 GMT\r\n\r\n', 1)
    ]
    fetched = await make().fetch(f"http://shop.example:{server.port}/a%20b.jpg?x=1", None)
    assert (fetched.content, fetched.etag) == (b"image", '"7"')
    (request,) = server.requests
    assert request.startswith("get /a%20b.jpg?x=1 ")
    assert f"host: shop.example:{server.port}\r\n" in request
    assert "accept-encoding: identity" in request


@pytest.mark.parametrize(
    ("known", "header"),
    [
        (KnownFile("d", '"7"', "Mon, 23 Nov 2026 00:00:00 GMT"), 'if-none-match: "7"'),
        (KnownFile("d", None, "Mon, 23 Nov 2026 00:00:00 GMT"), "if-modified-since: mon, 23 nov 2026 00:00:00 gmt"),
    ],
)
async def test_a_known_file_is_asked_for_only_if_it_has_changed(server, make, known, header):
    server.answers = [b"HTTP/1.1 304 Not Modified\r\n\r\n"]
    fetched = await make().fetch(f"http://shop.example:{server.port}/a.jpg", known)
    assert fetched.content is None
    assert header in server.requests[0]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", ImageUnusable, "image_http_404"),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", ImageUnreachable, "image_http_503"),
        (b"HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n", ImageUnreachable, "image_http_429"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", ImageUnusable, "image_too_large"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, ImageUnusable, "image_too_large"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nimage",
            ImageUnusable,
            "image_encoding",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nimage", ImageUnreachable, "image_timeout"),
        (b"nonsense\r\n\r\n", ImageUnreachable, "image_network"),
    ],
)
async def test_every_bad_answer_is_reported_with_the_address(server, make, answer, kind, code):
    server.answers = [answer]
    address = f"http://shop.example:{server.port}/a.jpg"
    with pytest.raises(kind, match=f"{code}: {address}: "):
        await make(timeout=0.3).fetch(address, None)


async def test_the_deadline_is_for_all_of_it_not_for_each_byte(server, make):
    """A server that keeps sending a little is not waited for."""

    async def drip(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    server.answers = [drip]
    with pytest.raises(ImageUnreachable, match="no whole answer"):
        await make(timeout=0.3, max_bytes=10**9).fetch(f"http://shop.example:{server.port}/a.jpg", None)


@pytest.mark.parametrize(("status", "is_told"), [(401, True), (403, True), (406, True), (404, False), (410, False)])
async def test_a_server_that_refuses_us_is_reported_with_what_helps(server, make, status, is_told):
    """Hotlink protection is the most common reason why images of shops cannot be fetched."""
    server.answers = [f"HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n".encode()]
    with pytest.raises(ImageUnusable) as refused:
        await make().fetch(f"http://shop.example:{server.port}/a.jpg", None)
    assert refused.value.code == f"image_http_{status}"
    assert ("let in the user agent 'shopsync'" in refused.value.message) == is_told


async def test_redirects_are_followed_three_times(server, make, lookups):
    base = f"http://shop.example:{server.port}"
    server.answers = [moved("/b.jpg"), moved(f"http://cdn.example:{server.port}/c.jpg"), moved("d.jpg"), OK]
    assert (await make().fetch(f"{base}/a.jpg", None)).content == b"image"
    assert [request.split(" ")[1] for request in server.requests] == ["/a.jpg", "/b.jpg", "/c.jpg", "/d.jpg"]
    assert list(dict.fromkeys(lookups)) == ["shop.example", "cdn.example"]
    server.answers = [moved("/again.jpg")]
    with pytest.raises(ImageUnusable, match="more than 3 redirects"):
        await make().fetch(f"{base}/a.jpg", None)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://h/x", "http://user:pw@h/x", "gopher://h/"])
async def test_redirects_lead_to_no_other_scheme(server, make, target):
    server.answers = [moved(target)]
    with pytest.raises(ImageUnusable) as refused:
        await make().fetch(f"http://shop.example:{server.port}/a.jpg", None)
    assert refused.value.code == "image_address"
    assert "pw" not in refused.value.message


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/画像/写真.jpg".encode(), "/%e7%94%bb%e5%83%8f/%e5%86%99%e7%9c%9f.jpg"),
        ("/画像/表.jpg".encode("shift_jis"), "/%89%e6%91%9c/%95%5c.jpg"),
        ("/画像/写真.jpg".encode("euc_jp"), "/%b2%e8%c1%fc/%bc%cc%bf%bf.jpg"),
        (b"/%E7%94%BB.jpg", "/%e7%94%bb.jpg"),
        ("写真.jpg?名=値".encode(), "/dir/%e5%86%99%e7%9c%9f.jpg?%e5%90%8d=%e5%80%a4"),
        (b"/a b.jpg", "/a%20b.jpg"),
        (b"  /a.jpg\t", "/a.jpg"),
        (b"/a.jpg#top", "/a.jpg"),
        (b"?w=1", "/dir/a.jpg?w=1"),
    ],
)
async def test_a_redirect_in_raw_bytes_is_followed_to_these_bytes(server, make, location, asked):
    server.answers = [moved("").replace(b"location: ", b"location: " + location), OK]
    assert (await make().fetch(f"http://shop.example:{server.port}/dir/a.jpg", None)).content == b"image"
    assert server.requests[1].split(" ")[1] == asked


async def test_a_redirect_to_a_japanese_host_asks_for_its_ascii_name(server, make, lookups):
    target = f"http://写真.example:{server.port}/画.jpg".encode()
    server.answers = [moved("").replace(b"location: ", b"location: " + target), OK]
    await make().fetch(f"http://shop.example:{server.port}/a.jpg", None)
    assert lookups[-1] == "xn--g7qs82g.example"


@pytest.mark.parametrize("host", ["写真".encode("shift_jis"), b"[::1", b"[x]"])
async def test_a_redirect_to_a_host_that_cannot_be_read_is_refused(server, make, host):
    server.answers = [moved("").replace(b"location: ", b"location: http://" + host + b"/a.jpg")]
    with pytest.raises(ImageUnusable) as refused:
        await make().fetch(f"http://shop.example:{server.port}/a.jpg", None)
    assert refused.value.code == "image_address"


async def test_every_redirect_is_checked(server):
    """The first host is public, the one it points to is not."""
    asked = []

    async def look_up(host, port):
        asked.append(host)
        return ["127.0.0.1"] if host == "inside.example" else ["203.104.130.1"]

    allowed = AllowedAddresses(allow_private=False, lookup=look_up)

    async def resolve(host, port):
        assert await allowed(host, port) == ["203.104.130.1"]
        return ["127.0.0.1"]

    server.answers = [moved("http://inside.example/latest/meta-data/")]
    fetcher = Fetcher(resolve, timeout=timedelta(seconds=5), max_bytes=1000)
    with pytest.raises(ImageUnusable, match=r"image_private: http://shop.example:\d+/a.jpg: inside.example: "):
        await fetcher.fetch(f"http://shop.example:{server.port}/a.jpg", None)
    await fetcher.aclose()
    assert asked == ["shop.example", "inside.example"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "/images/1.jpg",
        "ftp://h/x",
        "http://user:pw@8.8.8.8/x",
        "http://h:99999/x",
        "",
        "http://",
        "http://exa mple/x",
        "javascript:alert(1)",
    ],
)
async def test_addresses_that_are_never_fetched(make, lookups, address):
    with pytest.raises(ImageUnusable) as refused:
        await make().fetch(address, None)
    assert refused.value.code == "image_address"
    assert lookups == []


@pytest.mark.parametrize("address", ["http://127.0.0.1/x.jpg", "http://localhost:8080/x.jpg", "http://[::1]/x"])
async def test_this_machine_is_never_asked(make, address):
    with pytest.raises(ImageUnusable, match="image_private"):
        await make(allow_private=False).fetch(address, None)


async def test_a_connection_is_looked_up_once_and_used_again(server, make, lookups):
    fetcher = make()
    server.answers = [OK, b"HTTP/1.1 304 Not Modified\r\n\r\n", OK]
    for name in "abc":
        await fetcher.fetch(f"http://shop.example:{server.port}/{name}.jpg", None)
    assert (server.connections, lookups) == (1, ["shop.example"])


def certificate(name, issuer=None):
    """(certificate, key), signed by `issuer` or by itself as an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer or (None, key)
    today = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer[1], hashes.SHA256()), key


@pytest.fixture(scope="module")
def authority():
    return certificate("test authority")


class TestTls:
    """The checked address is connected to, and the certificate is that of the name."""

    @pytest.fixture
    def trusting(self, authority):
        pem = authority[0].public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    @pytest.fixture
    async def secure(self, authority, tmp_path):
        server = Server()
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.sni_callback = lambda _socket, name, _context: server.names.append(name)
        made, key = certificate("shop.example", authority)
        path = tmp_path / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        server.tls.load_cert_chain(path)
        async with listening(server) as running:
            yield running

    async def test_the_name_is_sent_and_verified(self, secure, make, trusting, lookups):
        fetched = await make(ssl_context=trusting).fetch(f"https://shop.example:{secure.port}/a.jpg", None)
        assert fetched.content == b"image"
        assert (secure.names, lookups) == (["shop.example"], ["shop.example"])

    async def test_a_certificate_of_another_name_is_refused(self, secure, make, trusting):
        with pytest.raises(ImageUnreachable, match="image_network: https://other"):
            await make(ssl_context=trusting).fetch(f"https://other.example:{secure.port}/a.jpg", None)
        assert secure.requests == []

    async def test_an_unknown_certificate_authority_is_refused(self, secure, make):
        with pytest.raises(ImageUnreachable, match="image_network"):
            await make().fetch(f"https://shop.example:{secure.port}/a.jpg", None)
        assert secure.requests == []

    async def test_a_connection_verified_for_one_name_does_not_serve_another(self, secure, make, trusting):
        """Both names lead to one address, as with any large host of images."""
        fetcher = make(ssl_context=trusting)
        await fetcher.fetch(f"https://shop.example:{secure.port}/a.jpg", None)
        with pytest.raises(ImageUnreachable):
            await fetcher.fetch(f"https://other.example:{secure.port}/a.jpg", None)
        assert (len(secure.requests), secure.names) == (1, ["shop.example", "other.example"])
