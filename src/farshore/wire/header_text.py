"""Text in headers: what clients send beyond ASCII, and what S3 answers.

The HTTP server hands over header values decoded as UTF-8, bytes that are not UTF-8 as surrogates.
Source: S3 User Guide, "Working with object metadata" (values are decoded and encoded as RFC 2047 says); answers
recorded on AWS.
"""

from __future__ import annotations

import base64
import binascii
import re

from farshore.model.errors import InvalidArgument

_ENCODED_WORD = re.compile(r"=\?([A-Za-z0-9_-]+)(?:\*[A-Za-z-]*)?\?([BbQq])\?([^? ]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t]+(?==\?[A-Za-z0-9_-]+\?[BbQq]\?)")
_Q_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "latin-1", "iso-8859-1": "latin-1"}
_WORD_CHARS_MAX = 63
"""Encoded characters of one word; with `=?UTF-8?Q?` and `?=` it is 75, RFC 2047's limit."""
_Q_LITERAL = frozenset(range(0x21, 0x7F)) - frozenset(b"=_?")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def decode_header(value: str) -> str:
    """A header's text as received. What is not UTF-8 is read as ISO-8859-1, as HTTP once defined."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


def decode_metadata(value: str) -> str:
    """The value of an `x-amz-meta-` header: RFC 2047's encoded words are decoded, bytes that are not UTF-8 replaced."""
    if not value.isascii():
        value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" not in value:
        return value
    return _ENCODED_WORD.sub(_decode_word, _BETWEEN_WORDS.sub(r"\1", value))


def encode_metadata(value: str) -> str:
    """User metadata as S3 answers it: ASCII as it is, else in encoded words (Q where most of it is ASCII, else B)."""
    if value.isascii() and value.isprintable():
        return value
    plain = sum(map(_is_plain, value))
    if plain == len(value):
        return value
    method = "Q" if 2 * plain > len(value) else "B"
    return " ".join(f"=?UTF-8?{method}?{word}?=" for word in _words(value, method))


def clean_header(value: str) -> str:
    """A value that is safe in an answer's header: control characters, line ends above all, become spaces."""
    if value.isprintable():
        return value
    return _FORBIDDEN.sub(" ", value)


def check_iso_8859_1(name: str, value: str) -> str:
    """Refuse a value that an answer's header could not hold.

    Raises:
        InvalidArgument (recorded).
    """
    try:
        value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise InvalidArgument(
            "Header value cannot be represented using ISO-8859-1.", ArgumentName=name, ArgumentValue=value
        ) from error
    return value


def _is_plain(char: str) -> bool:
    return " " <= char < "\x7f" or char == "\t"


def _decode_word(match: re.Match[str]) -> str:
    charset = _CHARSETS.get(match[1].lower())
    if charset is None:
        return match[0]
    encoded = match[3].encode()
    if match[2] in "Qq":
        data = _Q_ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()), encoded.replace(b"_", b" "))
    else:
        try:
            data = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
        except binascii.Error:
            return match[0]
    return data.decode(charset, "replace")


def _words(value: str, method: str) -> list[str]:
    """The text in encoded pieces, halved until each fits a word (as AWS does)."""
    data = value.encode("utf-8", "replace")
    encoded = _q_encode(data) if method == "Q" else base64.b64encode(data).decode()
    if len(encoded) <= _WORD_CHARS_MAX or len(value) < 2:
        return [encoded]
    half = len(value) // 2
    return [*_words(value[:half], method), *_words(value[half:], method)]


def _q_encode(data: bytes) -> str:
    return "".join("_" if byte == 0x20 else chr(byte) if byte in _Q_LITERAL else f"={byte:02X}" for byte in data)
