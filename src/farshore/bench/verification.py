"""Verification and preview of a bucket of many versions: how long they take, what they cost, what others feel of it.

Source and destination are stored while no server runs, alike, as replication would have left them; in another order
than that of their keys, so that neighbours lie apart. One process does everything, so that whoever reads an object
meanwhile shares it with the verification.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from farshore.app.build import open_deployment
from farshore.bench import processes
from farshore.bench.context import Context, values
from farshore.bench.large import memory_rows
from farshore.bench.plan import KIB
from farshore.bench.results import Row
from farshore.bench.subject import DESTINATION_REGION, SOURCE_REGION, CannotMeasure, Subject
from farshore.metadata.store import MetadataStore, Transaction
from farshore.model.objects import Attributes, Checksum, Version
from farshore.model.replication import DestinationState, ReplicationRule, ReplicationStatus, RuleFilter
from farshore.runtime import ids
from farshore.runtime.settings import Settings
from farshore.service.deployment import Deployment
from farshore.service.replicas import as_replica

_FILL_GROUP = 5_000
_ANSWER_S_MAX = 900.0
_RULE = "bench"
_PREVIEWED = """<ReplicationConfiguration><Role>arn:aws:iam::{account}:role/bench</Role>
<Rule><ID>all</ID><Priority>1</Priority><Filter/>{more}</Rule>
<Rule><ID>folder</ID><Priority>2</Priority><Filter><Prefix>00</Prefix></Filter>{more}</Rule>
</ReplicationConfiguration>"""
_MORE = """<Status>Enabled</Status><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>
<Destination><Bucket>arn:aws:s3:::{destination}</Bucket></Destination>"""


async def measure_verify(context: Context) -> None:
    """Compare equal buckets, also while an object is read; preview a configuration. On a server of our own alone."""
    if not context.servers.own:
        return
    count = context.plan.verified
    async with context.servers.start(workers=0) as subject:
        source, destination = await context.replicated_buckets(subject, "verify")
        account: str = await asyncio.to_thread(lambda: subject.client(service="sts").get_caller_identity()["Account"])
    context.say(f"storing {count:,} versions twice")
    await _fill(str(context.servers.data), source, destination, count)
    async with context.servers.start(workers=0) as subject:
        await _measure_verify(context, subject, source, count)
        await _measure_reads(context, subject, source)
        document = _PREVIEWED.format(account=account, more=_MORE.format(destination=destination))
        await _measure_preview(context, subject, source, document.encode(), count)


async def _measure_verify(context: Context, subject: Subject, source: str, count: int) -> None:
    name = f"verify {count:,} versions"
    context.say(name)
    processes.forget_peak_memory(subject.pids)
    found, lines = await _timed(subject, f"/-/replication/verify?bucket={source}", b"", count)
    memory = memory_rows("verify", name, subject)
    result = msgspec.json.decode(lines.splitlines()[-1])
    if not result["equal"] or result["counts"]["equal"] != count:
        raise CannotMeasure(f"the verification found something else: {result}")
    context.rows += [Row(section="verify", name=name, values=found), *memory]


async def _measure_reads(context: Context, subject: Subject, source: str) -> None:
    """GET of a small object, while nothing else goes on and while a verification does."""
    bucket = await context.make_bucket(subject, "verify-reads")
    await context.load(subject, "PUT", [f"/{bucket}/object"], 1, body_bytes=KIB)
    path = f"/-/replication/verify?bucket={source}"
    for when in ("alone", "while verifying"):
        verifying = None if when == "alone" else asyncio.create_task(asyncio.to_thread(_post, subject, path, b""))
        load = await context.load(
            subject, "GET", [f"/{bucket}/object"], 1, answer_bytes=KIB, seconds=context.plan.load_s, cycle=True
        )
        if verifying is not None:
            await verifying
        measured = {name: value for name, value in values(load).items() if name != "cpu_us"}
        context.rows.append(Row(section="verify", name=f"GET 1 KiB, {when}", values=measured))


async def _measure_preview(context: Context, subject: Subject, source: str, document: bytes, count: int) -> None:
    name = f"preview {count:,} versions"
    context.say(name)
    found, answer = await _timed(subject, f"/-/replication/preview?bucket={source}", document, count)
    scanned = msgspec.json.decode(answer)["scanned"]
    if not scanned["complete"] or scanned["versions"] != count:
        raise CannotMeasure(f"the preview saw something else: {scanned}")
    context.rows.append(Row(section="verify", name=name, values=found))


async def _timed(subject: Subject, target: str, document: bytes, count: int) -> tuple[dict[str, float], bytes]:
    """Ask once; how long it took and what it cost by version, and the answer."""
    before_s = 0.0 if subject.cpu is None else subject.cpu()
    began = time.monotonic()
    answer = await asyncio.to_thread(_post, subject, target, document)
    seconds = time.monotonic() - began
    found = {"seconds": seconds, "per_s": count / seconds}
    if subject.cpu is not None:
        found["cpu_us"] = (subject.cpu() - before_s) * 1e6 / count
    return found, answer


def _post(subject: Subject, target: str, document: bytes) -> bytes:
    """A signed POST to one of the server's own paths, in a thread."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.httpsession import URLLib3Session

    request = AWSRequest("POST", subject.endpoint_url + target, data=document)
    S3SigV4Auth(Credentials(subject.access_key_id, subject.secret), "s3", SOURCE_REGION).add_auth(request)
    answer: Any = URLLib3Session(timeout=_ANSWER_S_MAX).send(request.prepare())
    if answer.status_code != 200:
        raise CannotMeasure(f"{target} answers {answer.status_code}: {answer.text}")
    return answer.content


async def _fill(data: str, source: str, destination: str, count: int) -> None:
    """Store empty objects and their replicas while no server runs."""
    settings = Settings(data=data, regions=(SOURCE_REGION, DESTINATION_REGION))
    async with open_deployment(settings) as deployment:
        (here, source_id, owner) = _place(deployment, SOURCE_REGION, source)
        (there, destination_id, _) = _place(deployment, DESTINATION_REGION, destination)
        rule = ReplicationRule(id=_RULE, priority=1, enabled=True, filter=RuleFilter(), destination=destination)
        versions = _versions(source_id, owner, rule, count, deployment.clock.now_us())
        while group := [version for _, version in zip(range(_FILL_GROUP), versions, strict=False)]:
            replicas = [msgspec.structs.replace(as_replica(each, rule), bucket_id=destination_id) for each in group]
            await _insert(here, group)
            await _insert(there, replicas)


def _place(deployment: Deployment, region: str, name: str) -> tuple[MetadataStore, int, str]:
    store = deployment.regions[region].metadata
    bucket = store.reader.bucket(name)
    assert bucket is not None, name
    return store, bucket.id, bucket.owner


async def _insert(store: MetadataStore, versions: list[Version]) -> None:
    def command(tx: Transaction) -> None:
        for version in versions:
            tx.insert_version(version, None)

    await store.write(command)


def _versions(bucket_id: int, owner: str, rule: ReplicationRule, count: int, now_us: int) -> Iterator[Version]:
    attributes = Attributes(headers={"ContentType": "text/plain"}, checksum=Checksum("CRC64NVME", "AAAAAAAAAAA="))
    for number in range(count):
        at_us = now_us + number
        yield Version(
            bucket_id=bucket_id,
            key=f"{number % 1000:03d}/{number:08d}",
            version_id=ids.version_id(at_us),
            created_us=at_us,
            owner=owner,
            etag="d41d8cd98f00b204e9800998ecf8427e",
            attributes=attributes,
            replication_status=ReplicationStatus.COMPLETED,
            destinations=(DestinationState(rule.destination, ReplicationStatus.COMPLETED, rule.id, at_us),),
        )
