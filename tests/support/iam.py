"""Calls of IAM and STS without HTTP: botocore's serializer, the wire, the decision, the handler, botocore's parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import botocore.session
from botocore.handlers import json_decode_policies
from botocore.parsers import QueryParser
from botocore.serialize import QuerySerializer

from farshore.api.iam_sts import call
from farshore.auth.evaluate import NO_POLICIES
from farshore.model.access import AccessKey, Account
from farshore.model.identity import Session
from farshore.runtime import ids
from farshore.service.deployment import Deployment, Request
from farshore.service.identities import Identity, root_principal
from farshore.service.sessions import open_session
from farshore.wire.query_form import read_form
from farshore.wire.query_protocol import load
from farshore.wire.serialize import WireResponse
from tests.support.identities import DirectoryForTests

SESSION = botocore.session.Session()
MODELS = {"iam": load("iam"), "sts": load("sts")}


class ClockForTests:
    def __init__(self) -> None:
        self.us = 1_795_528_800_000_000

    def now_us(self) -> int:
        return self.us


class IamForTests:
    """A deployment with one account (another can be added), and callers in it."""

    def __init__(self, path: Path) -> None:
        self.store = DirectoryForTests(path)
        self.clock = ClockForTests()
        self.deployment = Deployment(
            directory=self.store.directory, regions={}, clock=self.clock, ring=lambda _region: None
        )
        self.account = self.add_account("one")
        self.root = self.caller_of_root(self.account)

    def add_account(self, name: str) -> str:
        account = Account(id=ids.account_id(), name=name, created_us=self.clock.us)
        key = AccessKey(id=ids.access_key_id(), secret="root-secret", account_id=account.id)
        assert self.store.run(self.store.directory.create_account(account, key))
        return account.id

    def caller_of_root(self, account_id: str) -> Caller:
        return Caller(self, Identity(root_principal(account_id, "AKIAROOT"), NO_POLICIES))

    def caller_of_key(self, access_key_id: str) -> Caller:
        """Whom an access key stands for, with policies as they are at each call."""
        return Caller(self, None, access_key_id=access_key_id)

    def caller_of_session(self, credentials: dict[str, Any]) -> Caller:
        """Whom temporary credentials stand for."""
        return Caller(self, None, access_key_id=credentials["AccessKeyId"], token=credentials["SessionToken"])

    def close(self) -> None:
        self.store.close()


class Caller:
    """Makes calls as somebody. Raises QueryError for refusals."""

    def __init__(
        self, world: IamForTests, identity: Identity | None, *, access_key_id: str = "", token: str | None = None
    ) -> None:
        self._world = world
        self._identity = identity
        self._access_key_id = access_key_id
        self._token = token

    def iam(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._call("iam", operation, params)

    def sts(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._call("sts", operation, params)

    def send(self, service: str, form: bytes) -> WireResponse:
        """What a form as it is on the wire is answered."""
        world, model = self._world, MODELS[service]
        node = read_form(form)
        operation = model.operation(node)
        identity, session = self._known()
        request = Request(
            deployment=world.deployment,
            principal=identity.principal,
            policies=identity.policies,
            session=session,
            operation=operation.name,
            params=model.parse(operation, node),
            body=None,  # type: ignore[arg-type] - these operations have none
            request_id="R",
            now_us=world.clock.now_us(),
            region="us-east-1",
            source_address="127.0.0.1",
        )
        return model.serialize(operation, world.store.run(call(operation, request)), "R")

    def _known(self) -> tuple[Identity, Session | None]:
        world = self._world
        session, identity = None, self._identity
        if self._token is not None:
            session = open_session(world.store.directory, self._access_key_id, self._token)
            assert session is not None
            identity = world.deployment.identities.of_session(session)
        elif identity is None:
            key = world.store.directory.access_key(self._access_key_id)
            assert key is not None
            identity = world.deployment.identities.of_access_key(key)
        assert identity is not None
        return identity, session

    def _call(self, service: str, name: str, params: dict[str, Any]) -> dict[str, Any]:
        known = SESSION.get_service_model(service).operation_model(name)
        sent = QuerySerializer().serialize_to_request(params, known)["body"]
        wire = self.send(service, urlencode(sent).encode())
        answer = {"status_code": wire.status, "headers": dict(wire.headers), "body": wire.body}
        read = QueryParser().parse(answer, known.output_shape)
        read.pop("ResponseMetadata")
        json_decode_policies(read, known)
        return read


def policy(action: str | list[str], resource: str | list[str] = "*", effect: str = "Allow", **more: Any) -> str:
    """A policy document of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal: dict[str, Any] | str, *actions: str, **more: Any) -> str:
    """A trust policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions) or "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


S3_TRUST = trust({"Service": "s3.amazonaws.com"})
