"""Documents that clients send: what is refused before it costs much."""

from __future__ import annotations

import pytest

from farshore.model.errors import MalformedXML
from farshore.wire.xml import DEPTH_MAX, DOCUMENT_BYTES_MAX, ELEMENTS_MAX, read_document


def test_text_attributes_and_order_are_kept_and_prefixes_of_namespaces_are_not() -> None:
    root = read_document(b'<n:a n:k="v"><b>1 &lt; 2</b><b/> <c>\xc3\xa4</c></n:a>')
    assert (root.name, root.attributes) == ("a", {"k": "v"})
    assert [(child.name, child.text) for child in root.children] == [("b", "1 < 2"), ("b", ""), ("c", "ä")]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"text",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>\xff</a>",
        b'<?xml version="1.0" encoding="koi8-r"?><a/>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY e "e">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b"<a>&undefined;</a>",
        b"<a>" * (DEPTH_MAX + 1) + b"</a>" * (DEPTH_MAX + 1),
        b"<a>" + b"<b/>" * ELEMENTS_MAX + b"</a>",
        b"<a>" + b" " * DOCUMENT_BYTES_MAX + b"</a>",
    ],
    ids=lambda document: document[:40].decode("latin-1"),
)
def test_what_is_no_document_of_s3(document: bytes) -> None:
    with pytest.raises(MalformedXML):
        read_document(document)


def test_the_largest_document_of_s3_is_read() -> None:
    part = b"<Part><PartNumber>1</PartNumber><ETag>e</ETag><ChecksumCRC32>c</ChecksumCRC32></Part>"
    root = read_document(b"<CompleteMultipartUpload>" + part * 10_000 + b"</CompleteMultipartUpload>")
    assert len(root.children) == 10_000
    assert read_document(b"<a>" * DEPTH_MAX + b"</a>" * DEPTH_MAX).name == "a"
