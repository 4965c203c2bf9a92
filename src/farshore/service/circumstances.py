"""What condition keys of every service are taken from: who asks, when, from where, and how."""

from __future__ import annotations

from farshore.auth.context import Circumstances
from farshore.service.deployment import Request


def circumstances_of(request: Request, resource_account: str) -> Circumstances:
    """The circumstances of a request. resource_account: the account that owns what it is about."""
    return Circumstances(
        principal=request.principal,
        now_us=request.now_us,
        region=request.region,
        source_address=request.source_address,
        secure=request.secure,
        headers=request.headers,
        resource_account=resource_account,
        token_issued_us=None if request.session is None else request.session.issued_us,
        source_account=request.source_account,
        source_arn=request.source_arn,
    )
