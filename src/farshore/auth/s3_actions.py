"""The actions of Amazon S3 that a bucket policy may speak of, by the kind of resource that they are done on.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Callable

OBJECT_ACTIONS = frozenset(
    "AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectAnnotation DeleteObjectTagging "
    "DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging GetObject GetObjectAcl "
    "GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent "
    "GetObjectVersion GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAnnotationForReplication "
    "GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent "
    "InitiateReplication ListMultipartUploadParts ListObjectAnnotations ListObjectVersionAnnotations "
    "ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectAnnotation PutObjectLegalHold "
    "PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionAnnotation PutObjectVersionTagging "
    "ReplicateDelete ReplicateObject ReplicateObjectAnnotation ReplicateTags RestoreObject "
    "UpdateObjectEncryption".lower().split()
)
BUCKET_ACTIONS = frozenset(
    "AllowVendedLogDeliveryForResource CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket "
    "DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration "
    "GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging "
    "GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration "
    "GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock "
    "GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration "
    "GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration "
    "GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions ListTagsForResource "
    "PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS "
    "PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls "
    "PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning "
    "PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration "
    "PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource "
    "UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration "
    "UpdateBucketMetadataJournalTableConfiguration".lower().split()
)


def kinds_of(covers: Callable[[str], bool]) -> tuple[bool, bool]:
    """Whether a pattern covers any action on buckets, and any on objects.

    Args:
        covers: whether it covers an action, given in lower case (`s3:getobject`).
    """
    return (
        any(covers(f"s3:{action}") for action in BUCKET_ACTIONS),
        any(covers(f"s3:{action}") for action in OBJECT_ACTIONS),
    )
