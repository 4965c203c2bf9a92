"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.support.people import Person, owner, stranger
from tests.support.server import Server


@pytest.fixture
def s3(server: Any) -> Any:
    return server.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """A new bucket in us-east-1."""
    name = f"bucket-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    """A new bucket with versioning enabled."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture(scope="module")
def me(server: Server) -> Person:
    """The root of the deployment's first account, which the buckets belong to."""
    return owner(server)


@pytest.fixture(scope="module")
def other(server: Server) -> Person:
    """The root of an account of the module's own."""
    return stranger(server)
