"""IAM's quotas, AWS's defaults. Sizes are characters without white space.

Source: IAM User Guide, "IAM and AWS STS quotas"; GetAccountSummary recorded on AWS.
"""

ACCESS_KEYS_PER_USER = 2
ATTACHED_PER_OWNER = 10
GROUPS = 300
GROUPS_PER_USER = 10
POLICIES = 1500
POLICY_SIZE = 6144
POLICY_VERSIONS_IN_USE = 10_000
ROLES = 1000
TAGS = 50
TRUST_SIZE = 2048
USERS = 5000
VERSIONS_PER_POLICY = 5

INLINE_SIZE = {"user": 2048, "group": 5120, "role": 10_240}
"""All inline policies of an identity together."""

ATTACHED_NAMES = {"user": "PoliciesPerUser", "group": "PoliciesPerGroup", "role": "PoliciesPerRole"}
"""How AWS's messages name the quota of attached policies."""
