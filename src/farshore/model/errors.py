"""The errors that a client of S3 sees: one class per AWS code, class name = code.

Turned into XML in one place (the wire). Messages that AWS fixes stand here word for word; detail members
(`<BucketName>`, `<Key>`, `<ArgumentName>` …) are keyword arguments spelled as in the XML.
Source: Amazon S3 API Reference, "Error responses"; answers recorded on AWS.
"""

from __future__ import annotations

from typing import ClassVar


class S3Error(Exception):
    """Base of every error that is answered to a client.

    Args:
        message: replaces the class's own message, where AWS words it by the case.
        headers: extra response headers (`x-amz-delete-marker`, `Allow`, …).
        details: extra XML members, in order, spelled as AWS spells them. None values are left out.
    """

    status: ClassVar[int] = 400
    default_message: ClassVar[str] = ""

    def __init__(
        self, message: str | None = None, *, headers: dict[str, str] | None = None, **details: str | int | None
    ) -> None:
        self.message = self.default_message if message is None else message
        self.headers = headers or {}
        self.details: dict[str, str] = {name: str(value) for name, value in details.items() if value is not None}
        super().__init__(f"{self.code}: {self.message}")

    @property
    def code(self) -> str:
        """AWS's error code: the class's name."""
        return type(self).__name__


class AccessDenied(S3Error):
    status = 403
    default_message = "Access Denied"


class AccessControlListNotSupported(S3Error):
    default_message = "The bucket does not allow ACLs"


class AuthorizationHeaderMalformed(S3Error):
    default_message = "The authorization header that you provided is not valid."


class AuthorizationQueryParametersError(S3Error):
    default_message = "Error parsing the X-Amz-Credential parameter"


class BadDigest(S3Error):
    default_message = "The Content-MD5 you specified did not match what we received."


class BadRequest(S3Error):
    default_message = "Bad Request"


class BucketAlreadyExists(S3Error):
    status = 409
    default_message = (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )


class BucketAlreadyOwnedByYou(S3Error):
    status = 409
    default_message = "Your previous request to create the named bucket succeeded and you already own it."


class BucketNotEmpty(S3Error):
    status = 409
    default_message = "The bucket you tried to delete is not empty"


class ConditionalRequestConflict(S3Error):
    status = 409
    default_message = "The conditional request cannot succeed due to a conflicting operation against this resource."


class CrossLocationLoggingProhibitted(S3Error):
    status = 403
    default_message = "Cross S3 location logging not allowed. "


class EntityTooLarge(S3Error):
    default_message = "Your proposed upload exceeds the maximum allowed size"


class EntityTooSmall(S3Error):
    default_message = "Your proposed upload is smaller than the minimum allowed size"


class ExpiredToken(S3Error):
    default_message = "The provided token has expired."


class IllegalLocationConstraintException(S3Error):
    default_message = (
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
    )


class IllegalVersioningConfigurationException(S3Error):
    default_message = "The Versioning element must be specified"


class IncompleteBody(S3Error):
    default_message = "You did not provide the number of bytes specified by the Content-Length HTTP header"


class InternalError(S3Error):
    status = 500
    default_message = "We encountered an internal error. Please try again."


class InvalidAccessKeyId(S3Error):
    status = 403
    default_message = "The AWS Access Key Id you provided does not exist in our records."


class InvalidArgument(S3Error):
    default_message = "Invalid Argument"


class InvalidPolicyDocument(S3Error):
    default_message = "The content of the form does not meet the conditions specified in the policy document."


class MalformedPOSTRequest(S3Error):
    default_message = "The body of your POST request is not well-formed multipart/form-data."


class MaxPostPreDataLengthExceededError(S3Error):
    default_message = "Your POST request fields preceding the upload file were too large."


class InvalidBucketAclWithBlockPublicAccessError(S3Error):
    default_message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"


class InvalidBucketAclWithObjectOwnership(S3Error):
    default_message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"


class InvalidBucketName(S3Error):
    default_message = "The specified bucket is not valid."


class InvalidBucketOwnerAWSAccountID(S3Error):
    default_message = "The value of the expected bucket owner parameter must be an AWS account ID"


class InvalidBucketState(S3Error):
    status = 409
    default_message = "The request is not valid with the current state of the bucket."


class InvalidChunkSizeError(S3Error):
    status = 403
    default_message = "Only the last chunk is allowed to have a size less than 8192 bytes"


class InvalidDigest(S3Error):
    default_message = "The Content-MD5 you specified was invalid."


class InvalidLocationConstraint(S3Error):
    default_message = "The specified location-constraint is not valid"


class InvalidObjectState(S3Error):
    status = 403
    default_message = "The operation is not valid for the object's storage class"


class InvalidPart(S3Error):
    default_message = (
        "One or more of the specified parts could not be found.  "
        "The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
    )


class InvalidPartOrder(S3Error):
    default_message = "The list of parts was not in ascending order. Parts must be ordered by part number."


class InvalidPartNumber(S3Error):
    status = 416
    default_message = "The requested partnumber is not satisfiable"


class InvalidRange(S3Error):
    status = 416
    default_message = "The requested range is not satisfiable"


class InvalidRedirectLocation(S3Error):
    default_message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."


class InvalidRequest(S3Error):
    default_message = "Invalid Request"


class InvalidStorageClass(S3Error):
    default_message = "The storage class you specified is not valid"


class InvalidTag(S3Error):
    default_message = "The tag provided was not a valid tag."


class InvalidTargetBucketForLogging(S3Error):
    default_message = "The target bucket for logging does not exist"


class InvalidToken(S3Error):
    default_message = "The provided token is malformed or otherwise invalid."


class InvalidURI(S3Error):
    default_message = "Couldn't parse the specified URI."


class KeyTooLongError(S3Error):
    default_message = "Your key is too long"


class MalformedACLError(S3Error):
    default_message = "The XML you provided was not well-formed or did not validate against our published schema"


class MalformedPolicy(S3Error):
    default_message = "Policies must be valid JSON and the first byte must be '{'"


class MalformedTrailerError(S3Error):
    default_message = (
        "The request contained trailing data that was not well-formed or did not conform to our published schema."
    )


class MalformedXML(S3Error):
    """member: what of the document is at fault, as `Rules[0].Status`; empty when it is no XML. S3 does not say it."""

    default_message = "The XML you provided was not well-formed or did not validate against our published schema"

    def __init__(self, message: str | None = None, *, member: str = "") -> None:
        super().__init__(message)
        self.member = member

    def inside(self, outer: str) -> None:
        """Add the member of which what is at fault is a part."""
        self.member = f"{outer}.{self.member}" if self.member else outer


class MaxMessageLengthExceeded(S3Error):
    default_message = "Your request was too big."


class MetadataTooLarge(S3Error):
    default_message = "Your metadata headers exceed the maximum allowed metadata size"


class MethodNotAllowed(S3Error):
    status = 405
    default_message = "The specified method is not allowed against this resource."


class MissingContentLength(S3Error):
    status = 411
    default_message = "You must provide the Content-Length HTTP header."


class MissingRequestBodyError(S3Error):
    default_message = "Request Body is empty"


class MissingSecurityHeader(S3Error):
    default_message = "Your request was missing a required header"


class NoSuchBucket(S3Error):
    status = 404
    default_message = "The specified bucket does not exist"


class NoSuchBucketPolicy(S3Error):
    status = 404
    default_message = "The bucket policy does not exist"


class NoSuchConfiguration(S3Error):
    status = 404
    default_message = "The specified configuration does not exist."


class NoSuchCORSConfiguration(S3Error):
    status = 404
    default_message = "The CORS configuration does not exist"


class NoSuchKey(S3Error):
    status = 404
    default_message = "The specified key does not exist."


class NoSuchLifecycleConfiguration(S3Error):
    status = 404
    default_message = "The lifecycle configuration does not exist"


class NoSuchObjectLockConfiguration(S3Error):
    status = 404
    default_message = "The specified object does not have a ObjectLock configuration"


class NoSuchPublicAccessBlockConfiguration(S3Error):
    status = 404
    default_message = "The public access block configuration was not found"


class NoSuchTagSet(S3Error):
    status = 404
    default_message = "The TagSet does not exist"


class NoSuchUpload(S3Error):
    status = 404
    default_message = (
        "The specified upload does not exist. "
        "The upload ID may be invalid, or the upload may have been aborted or completed."
    )


class NoSuchVersion(S3Error):
    status = 404
    default_message = "The specified version does not exist."


class NoSuchWebsiteConfiguration(S3Error):
    status = 404
    default_message = "The specified bucket does not have a website configuration"


class NotImplemented(S3Error):
    status = 501
    default_message = "A header you provided implies functionality that is not implemented"


class NotModified(S3Error):
    """304: answered without a body."""

    status = 304
    default_message = "Not Modified"


class ObjectLockConfigurationNotFoundError(S3Error):
    status = 404
    default_message = "Object Lock configuration does not exist for this bucket"


class OperationAborted(S3Error):
    status = 409
    default_message = (
        "A conflicting conditional operation is currently in progress against this resource. Please try again."
    )


class OwnershipControlsNotFoundError(S3Error):
    status = 404
    default_message = "The bucket ownership controls were not found"


class PermanentRedirect(S3Error):
    status = 301
    default_message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint."
    )


class PolicyTooLarge(S3Error):
    default_message = "Policy exceeds the maximum allowed document size."


class PreconditionFailed(S3Error):
    status = 412
    default_message = "At least one of the pre-conditions you specified did not hold"


class ReplicationConfigurationNotFoundError(S3Error):
    status = 404
    default_message = "The replication configuration was not found"


class RequestHeaderSectionTooLarge(S3Error):
    default_message = "Your request header section exceeds the maximum allowed size."


class RequestTimeout(S3Error):
    default_message = (
        "Your socket connection to the server was not read from or written to within the timeout period. "
        "Idle connections will be closed."
    )


class RequestTimeTooSkewed(S3Error):
    status = 403
    default_message = "The difference between the request time and the current time is too large."


class ServerSideEncryptionConfigurationNotFoundError(S3Error):
    status = 404
    default_message = "The server side encryption configuration was not found"


class ServiceUnavailable(S3Error):
    status = 503
    default_message = "Service is unable to handle request."


class SignatureDoesNotMatch(S3Error):
    status = 403
    default_message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )


class SlowDown(S3Error):
    status = 503
    default_message = "Please reduce your request rate."


class TooManyBuckets(S3Error):
    default_message = "You have attempted to create more buckets than allowed"


class UnexpectedContent(S3Error):
    default_message = "This request does not support content"


class UnresolvableGrantByEmailAddress(S3Error):
    default_message = "The email address you provided does not match any account on record."


class XAmzContentSHA256Mismatch(S3Error):
    default_message = "The provided 'x-amz-content-sha256' header does not match what was computed."
