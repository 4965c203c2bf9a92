"""XML as S3 reads and writes it: small documents, read strictly; text that any XML reader gets back as it was.

Reading is on expat. Document type declarations, and with them entities, are refused; so are documents that are too
large or too deep. Namespaces are ignored.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from farshore.model.errors import MalformedXML

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
DOCUMENT_BYTES_MAX = 2 * 1024 * 1024
DEPTH_MAX = 32
ELEMENTS_MAX = 64 * 1024
"""The largest that S3 takes: CompleteMultipartUpload of 10,000 parts, with their ETags and checksums."""

_ENCODINGS = frozenset(("utf-8", "utf-16", "us-ascii", "iso-8859-1"))
_NOT_LITERAL = re.compile("[\x00-\x08\x0a-\x1f\ud800-\udfff\ufffe\uffff]")
_DECIMAL_REFERENCES = {"\n": "&#10;", "\r": "&#13;"}


class Element:
    """An element as read: local name, attributes by local name, child elements in order, text exactly as it stands.

    The text of an element with children is the text between them, and of no use.
    """

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""


def read_document(body: bytes, *, max_bytes: int = DOCUMENT_BYTES_MAX, max_depth: int = DEPTH_MAX) -> Element:
    """Parse a document and return its root.

    Raises:
        MalformedXML: not well-formed, not text in its encoding, a document type declaration, too large, too deep,
            too many elements.
    """
    if len(body) > max_bytes:
        raise MalformedXML()
    top = Element("", {})
    parser = _parser(top, max_depth)
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise MalformedXML() from error
    return top.children[0]


def escape_text(value: str) -> str:
    """Text between tags or in a quoted attribute.

    # AWS: keys may hold characters that XML 1.0 cannot carry. Without `encoding-type=url` S3 still answers them, as
    # references (`&#x1;`), which strict readers refuse. Source: API Reference, ListObjectsV2, EncodingType.
    """
    if not value.isprintable():
        return _NOT_LITERAL.sub(_reference, _escape_markup(value))
    if '"' in value or "&" in value or "<" in value or ">" in value:
        return _escape_markup(value)
    return value


def _escape_markup(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _reference(match: re.Match[str]) -> str:
    char = match[0]
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    return _DECIMAL_REFERENCES.get(char) or f"&#x{ord(char):x};"


def _parser(top: Element, max_depth: int) -> expat.XMLParserType:
    """An expat parser that hangs what it reads below `top`."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    path = [top]
    left = ELEMENTS_MAX
    push, pop = path.append, path.pop

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal left
        left -= 1
        if len(path) > max_depth or left < 0:
            raise MalformedXML()
        if ":" in name:
            name = name.rpartition(":")[2]
        if attributes:
            attributes = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        element = Element(name, attributes)
        path[-1].children.append(element)
        push(element)

    def end(_name: str) -> None:
        pop()

    def text(data: str) -> None:
        path[-1].text += data

    def declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise MalformedXML()

    def refuse(*_: object) -> None:
        raise MalformedXML()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.XmlDeclHandler = declaration
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser
