"""Operation name -> the service function that serves it. What is not here answers NotImplemented, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from farshore.service import (
    access_control_lists,
    bucket_config,
    bucket_replication,
    buckets,
    copy_object,
    delete_object,
    get_object,
    list_objects,
    multipart,
    object_tagging,
    put_object,
    upload_part,
)
from farshore.service.deployment import Answer, Request

Handler = Callable[[Request], Awaitable[Answer]]

S3: dict[str, Handler] = {
    "AbortMultipartUpload": multipart.abort_multipart_upload,
    "CompleteMultipartUpload": multipart.complete_multipart_upload,
    "CopyObject": copy_object.copy_object,
    "CreateBucket": buckets.create_bucket,
    "CreateMultipartUpload": multipart.create_multipart_upload,
    "DeleteBucket": buckets.delete_bucket,
    "DeleteBucketReplication": bucket_replication.delete_bucket_replication,
    "DeleteBucketTagging": bucket_config.delete_bucket_tagging,
    "DeleteObject": delete_object.delete_object,
    "DeleteObjectTagging": object_tagging.delete_object_tagging,
    "DeleteObjects": delete_object.delete_objects,
    "GetBucketAcl": access_control_lists.get_bucket_acl,
    "GetBucketLocation": buckets.get_bucket_location,
    "GetBucketOwnershipControls": bucket_config.get_bucket_ownership_controls,
    "GetBucketReplication": bucket_replication.get_bucket_replication,
    "GetBucketTagging": bucket_config.get_bucket_tagging,
    "GetBucketVersioning": bucket_config.get_bucket_versioning,
    "GetObject": get_object.get_object,
    "GetObjectAcl": access_control_lists.get_object_acl,
    "GetObjectAttributes": get_object.get_object_attributes,
    "GetObjectTagging": object_tagging.get_object_tagging,
    "HeadBucket": buckets.head_bucket,
    "HeadObject": get_object.head_object,
    "ListBuckets": buckets.list_buckets,
    "ListMultipartUploads": list_objects.list_multipart_uploads,
    "ListObjectVersions": list_objects.list_object_versions,
    "ListObjects": list_objects.list_objects,
    "ListObjectsV2": list_objects.list_objects_v2,
    "ListParts": multipart.list_parts,
    "PutBucketAcl": access_control_lists.put_bucket_acl,
    "PutBucketReplication": bucket_replication.put_bucket_replication,
    "PutBucketTagging": bucket_config.put_bucket_tagging,
    "PutBucketVersioning": bucket_config.put_bucket_versioning,
    "PutObject": put_object.put_object,
    "PutObjectAcl": access_control_lists.put_object_acl,
    "PutObjectTagging": object_tagging.put_object_tagging,
    "UploadPart": upload_part.upload_part,
    "UploadPartCopy": upload_part.upload_part_copy,
    **bucket_config.NOT_CONFIGURED,
}
