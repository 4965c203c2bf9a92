"""What a record shows of a request's URL: everything but what is secret."""

from __future__ import annotations

import pytest

from farshore.api.request_record import shown_target

HIDDEN = "(hidden)"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/bucket/a%20b", "/bucket/a%20b"),
        ("/bucket?versions&prefix=a%2Fb", "/bucket?versions&prefix=a%2Fb"),
        ("/b/k?X-Amz-Signature=abc&X-Amz-Date=d", f"/b/k?X-Amz-Signature={HIDDEN}&X-Amz-Date=d"),
        ("/b/k?x=1&x-amz-security-token=abc", f"/b/k?x=1&x-amz-security-token={HIDDEN}"),
        (
            "/b/k?AWSAccessKeyId=AKIA&Signature=a%2Bb&Expires=1",
            f"/b/k?AWSAccessKeyId=AKIA&Signature={HIDDEN}&Expires=1",
        ),
        ("/b/k?X-Amz-Signatur%65=abc", f"/b/k?X-Amz-Signatur%65={HIDDEN}"),
        ("/b/k?%58-Amz-Security-Token=abc=def", f"/b/k?%58-Amz-Security-Token={HIDDEN}"),
        (
            "/b/k?x-amz-server-side-encryption-customer-key=abc",
            f"/b/k?x-amz-server-side-encryption-customer-key={HIDDEN}",
        ),
        ("/b/k?signature", "/b/k?signature"),
        ("/b/k?", "/b/k?"),
    ],
)
def test_secrets_of_a_url_are_hidden_however_their_names_are_written(target: str, shown: str) -> None:
    assert shown_target(target) == shown
