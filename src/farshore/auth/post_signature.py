"""Signatures of browser-based uploads: a form carries them as fields, over its policy.

Source: API Reference, "Authenticating Requests: Browser-Based Uploads Using POST"; answers recorded on AWS.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection, Mapping
from hashlib import sha256

import msgspec

from farshore.auth.request_credentials import ALGORITHM, credential_error, wrong_region
from farshore.auth.sigv4 import same_signature
from farshore.model.errors import InvalidArgument, SignatureDoesNotMatch

_V2 = ("Signature", "AWSAccessKeyId")
_V4 = ("X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date")


class PostCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a form claims. scope: date, region, service of Version 4; None of Version 2. policy: as it was signed."""

    access_key_id: str
    signature: str
    session_token: str | None
    scope: tuple[str, str, str] | None
    policy: str


def read_form_credentials(fields: Mapping[str, str]) -> PostCredentials | None:
    """The credentials in a form's fields (names in lower case); None in a form that is not signed.

    Raises:
        InvalidArgument: some of the fields are missing. AuthorizationQueryParametersError: another algorithm, or a
        credential that is none.
    """
    for names in (_V4, _V2):
        if any(name.lower() in fields for name in names):
            for name in (*names, "Policy"):
                if name.lower() not in fields:
                    raise missing_field(name)
            return _read(fields, v4=names is _V4)
    return None


def missing_field(name: str) -> InvalidArgument:
    """The error for a form without a field that it needs."""
    return InvalidArgument(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
        ArgumentName=name,
        ArgumentValue="",
    )


def verify_policy(credentials: PostCredentials, secret: str, regions: Collection[str]) -> None:
    """Check the signature over the policy.

    Raises:
        AuthorizationQueryParametersError: signed for another region or service. SignatureDoesNotMatch.
    """
    policy = credentials.policy.encode()
    if credentials.scope is None:
        ours = base64.b64encode(hmac.digest(secret.encode(), policy, "sha1")).decode()
    else:
        date, region, service = credentials.scope
        if service != "s3":
            raise credential_error(f'incorrect service "{service}". This endpoint belongs to "s3".', presigned=True)
        if region not in regions:
            raise wrong_region(region, next(iter(regions)), presigned=True, of_bucket=False)
        key = f"AWS4{secret}".encode()
        for part in (date, region, service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        ours = hmac.new(key, policy, sha256).hexdigest()
    if not same_signature(ours, credentials.signature):
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=credentials.access_key_id,
            StringToSign=credentials.policy,
            SignatureProvided=credentials.signature,
            StringToSignBytes=policy.hex(" "),
        )


def _read(fields: Mapping[str, str], *, v4: bool) -> PostCredentials:
    token, policy = fields.get("x-amz-security-token"), fields["policy"]
    if not v4:
        return PostCredentials(
            access_key_id=fields["awsaccesskeyid"],
            signature=fields["signature"],
            session_token=token,
            scope=None,
            policy=policy,
        )
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise credential_error(f'X-Amz-Algorithm only supports "{ALGORITHM}"', presigned=True)
    parts = fields["x-amz-credential"].split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise credential_error('expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".', presigned=True)
    return PostCredentials(
        access_key_id=parts[0],
        signature=fields["x-amz-signature"],
        session_token=token,
        scope=(parts[1], parts[2], parts[3]),
        policy=policy,
    )
