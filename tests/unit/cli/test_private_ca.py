"""A server behind a proxy that ends TLS with a certificate of its own authority is known as the AWS tools know it."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from farshore.cli.connection import connect

LOOPBACK = "127.0.0.1"


class Buckets(BaseHTTPRequestHandler):
    """Answers the server's own paths, and S3's ListBuckets."""

    def do_GET(self) -> None:
        own = self.path.startswith("/-/")
        body = b'{"account": "111122223333"}' if own else b"<ListAllMyBucketsResult></ListAllMyBucketsResult>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody knows, in one file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def endpoint(certificate: Path) -> Iterator[str]:
    server = HTTPServer((LOOPBACK, 0), Buckets)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://{LOOPBACK}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home, and nothing of AWS but a key in the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name == "REQUESTS_CA_BUNDLE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.parametrize("way", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "profile"])
def test_an_authority_of_ones_own_is_named_as_for_the_aws_tools(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certificate: Path, endpoint: str, way: str
) -> None:
    if way == "profile":
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws" / "config").write_text(f"[default]\nca_bundle = {certificate}\n")
    else:
        monkeypatch.setenv(way, str(certificate))
    connection = connect(endpoint, None, None)
    assert connection.get_json("/-/status") == {"account": "111122223333"}
    assert connection.client("us-east-1").list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_certificate_that_nobody_knows_is_refused_in_one_line(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        connect(endpoint, None, None).get_json("/-/status")
    printed = capsys.readouterr().err
    assert ended.value.exit_code == 1
    assert (
        printed.startswith(f"farshore: no answer from {endpoint}: SSL validation failed") and printed.count("\n") == 1
    )
