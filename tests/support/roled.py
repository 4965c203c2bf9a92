"""A source and a destination that replicate under a role of their own, whose permissions a test takes away."""

from __future__ import annotations

import json
from typing import Any

from farshore.semantics.replication_role import trust_policy
from tests.support.pairs import ARRIVAL_S, Pair
from tests.support.replication import iam_client, rule, wait_for
from tests.support.server import Server

ALL = (
    "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging", "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner",
)  # fmt: skip


class Roled(Pair):
    """A pair with a role of its own."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.iam = iam_client(self.s3)
        self.role = f"role-of-{self.source}"
        made = self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=json.dumps(trust_policy()))
        self.arn = made["Role"]["Arn"]
        self.allow(*ALL)

    def allow(self, *actions: str) -> None:
        statement = {"Sid": "Needed", "Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(RoleName=self.role, PolicyName="own", PolicyDocument=document)

    def without(self, *actions: str) -> None:
        self.allow(*(each for each in ALL if each not in actions))

    def put_rule(self, **members: Any) -> None:
        self.put_rules(rule(self.destination, **{"ID": "r", **members}))

    def put_rules(self, *rules: dict[str, Any]) -> None:
        configuration = {"Role": self.arn, "Rules": list(rules)}
        self.s3.put_bucket_replication(Bucket=self.source, ReplicationConfiguration=configuration)

    def failed(self, key: str) -> dict[str, Any]:
        return wait_for(lambda: (found := self.explain(key))["status"] == "FAILED" and found, ARRIVAL_S, "a failure")
