"""Block Public Access of whole accounts: S3 Control's operations on it.

How it adds to a bucket's own: `access.block_of`. Source: API Reference, "S3 Control": PutPublicAccessBlock,
GetPublicAccessBlock, DeletePublicAccessBlock; User Guide, "Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

from farshore.metadata.identities import IdentityTransaction
from farshore.model.access_control import PublicAccessBlock
from farshore.model.errors import AccessDenied, NoSuchPublicAccessBlockConfiguration
from farshore.service.access import require_in_account
from farshore.service.bucket_protection import block_of_document, shown_block
from farshore.service.deployment import Answer, Request

_PUT = "s3:PutAccountPublicAccessBlock"


async def put_public_access_block(request: Request) -> Answer:
    """Set the four switches of the account; one that is not named is off."""
    account_id = _account(request, _PUT)
    await _store(request, account_id, block_of_document(request.params["PublicAccessBlockConfiguration"]))
    return Answer()


async def get_public_access_block(request: Request) -> Answer:
    account_id = _account(request, "s3:GetAccountPublicAccessBlock")
    block = request.deployment.directory.identities.account_block(account_id)
    if block is None:
        raise NoSuchPublicAccessBlockConfiguration(AccountId=account_id)
    return Answer(output={"PublicAccessBlockConfiguration": shown_block(block)})


async def delete_public_access_block(request: Request) -> Answer:
    """The account blocks nothing from now on; no error when it blocked nothing."""
    await _store(request, _account(request, _PUT), None)
    return Answer()


def _account(request: Request, action: str) -> str:
    """The account that the request names, which must be the caller's. Raises AccessDenied."""
    account_id: str = request.params["AccountId"]
    if request.principal.anonymous or account_id != request.principal.account_id:
        request.trail.refuse("another_account", action, "*")
        raise AccessDenied()
    require_in_account(request, action, "*")
    return account_id


async def _store(request: Request, account_id: str, block: PublicAccessBlock | None) -> None:
    def command(tx: IdentityTransaction) -> None:
        tx.put_account_block(account_id, block)

    await request.deployment.directory.write(command)
