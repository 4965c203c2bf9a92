"""Signatures of chunks and trailers. Source: the published examples of chunked uploads, 66,560 bytes of `a`."""

from __future__ import annotations

import hashlib

import pytest
from tests.support.signing import ACCESS_KEY_ID, ChunkEncoder, Sent, Server

from farshore.auth.chunk_signatures import ChunkSigner
from farshore.auth.sigv4 import VerifiedSignature
from farshore.model.errors import SignatureDoesNotMatch

CHUNKS = (b"a" * 65536, b"a" * 1024, b"")
PLAIN_SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
PLAIN = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
TRAILED_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
TRAILED = (
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)
TRAILERS = b"x-amz-checksum-crc32c:sOO8/Q==\n"


def seed(*, trailed: bool = False) -> VerifiedSignature:
    """Verify the request of one of the examples, which signs the first of its chain."""
    headers = {
        "content-encoding": "aws-chunked",
        "host": "s3.amazonaws.com",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailed else ""),
        "x-amz-date": "20130524T000000Z",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        **({"x-amz-trailer": "x-amz-checksum-crc32c"} if trailed else {"content-length": "66824"}),
    }
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20130524/us-east-1/s3/aws4_request, "
        f"SignedHeaders={';'.join(sorted(headers))}, Signature={TRAILED_SEED if trailed else PLAIN_SEED}"
    )
    sent = Sent(
        method="PUT",
        path="/examplebucket/chunkObject.txt",
        headers=(("Authorization", authorization), *headers.items()),
    )
    return Server().verify(sent)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_published_chain_of_chunk_signatures_holds() -> None:
    signer = ChunkSigner(seed())
    for chunk, signature in zip(CHUNKS, PLAIN, strict=True):
        signer.check_chunk(sha256(chunk), signature)


def test_the_published_chain_with_a_trailer_holds() -> None:
    signer = ChunkSigner(seed(trailed=True))
    for chunk, signature in zip(CHUNKS, TRAILED, strict=True):
        signer.check_chunk(sha256(chunk), signature)
    signer.check_trailer(TRAILERS, "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435")


def test_the_tests_own_encoder_signs_as_the_published_examples_do() -> None:
    body = ChunkEncoder(TRAILED_SEED).encode(CHUNKS, {"x-amz-checksum-crc32c": "sOO8/Q=="})
    assert all(f";chunk-signature={signature}\r\n".encode() in body for signature in TRAILED)
    assert body.endswith(
        b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    )


def test_chunks_count_in_their_order_only() -> None:
    signer = ChunkSigner(seed())
    with pytest.raises(SignatureDoesNotMatch):
        signer.check_chunk(sha256(CHUNKS[1]), PLAIN[1])
    signer = ChunkSigner(seed())
    signer.check_chunk(sha256(CHUNKS[0]), PLAIN[0])
    with pytest.raises(SignatureDoesNotMatch):
        signer.check_chunk(sha256(CHUNKS[0]), PLAIN[0])


def test_a_trailer_is_not_signed_as_a_chunk_is() -> None:
    signer = ChunkSigner(seed(trailed=True))
    with pytest.raises(SignatureDoesNotMatch):
        signer.check_trailer(CHUNKS[0], TRAILED[0])


@pytest.mark.parametrize("signature", ["", "0" * 64, PLAIN[0].upper(), PLAIN[0][:-1], PLAIN[0] + "0", "é", "\udcff"])
def test_another_chunk_signature_is_refused_with_what_should_have_been_signed(signature: str) -> None:
    with pytest.raises(SignatureDoesNotMatch) as refused:
        ChunkSigner(seed()).check_chunk(sha256(CHUNKS[0]), signature)
    to_sign = "\n".join(
        (
            "AWS4-HMAC-SHA256-PAYLOAD", "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", PLAIN_SEED,
            sha256(b""), sha256(CHUNKS[0]),
        )
    )  # fmt: skip
    details = refused.value.details
    assert details["AWSAccessKeyId"] == ACCESS_KEY_ID
    assert details["SignatureProvided"] == signature
    assert details["StringToSign"] == to_sign
    assert details["StringToSignBytes"] == " ".join(f"{byte:02x}" for byte in to_sign.encode())
    assert details["CanonicalRequest"].startswith("PUT\n/examplebucket/chunkObject.txt\n\ncontent-encoding:aws-chunked")
    assert details["CanonicalRequestBytes"].startswith("50 55 54 0a")
