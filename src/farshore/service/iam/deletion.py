"""What must be gone before an identity may be deleted, in AWS's words; and what its name means afterwards."""

from __future__ import annotations

import msgspec

from farshore.auth.trust_policy import rename_principal
from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.model.query_errors import DeleteConflict


def check_no_policies(reader: IdentityReader, owner_id: str) -> None:
    """Raises DeleteConflict."""
    if reader.attachments(owner_id):
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if reader.inline_policies(owner_id):
        raise DeleteConflict("Cannot delete entity, must delete policies first.")


def rename_in_trust_policies(tx: IdentityTransaction, before: str, after: str) -> None:
    """Put another text in a principal's place in all trust policies: a new ARN, or the id of what was deleted."""
    for role in tx.roles_that_name(before):
        tx.replace_role(msgspec.structs.replace(role, trust=rename_principal(role.trust, before, after)))
