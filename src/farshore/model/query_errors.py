"""The errors that clients of IAM, STS and CloudWatch see: one class per AWS code, class name = code.

Turned into XML in one place (the wire). A refusal that AWS words by the case takes its message from the caller.
Source: IAM API Reference, "Common Error Types" and the Errors of each action; answers recorded on AWS.
"""

from __future__ import annotations

from typing import ClassVar


class QueryError(Exception):
    """Base of every error that is answered by the query protocol."""

    status: ClassVar[int] = 400
    default_message: ClassVar[str] = ""

    def __init__(self, message: str | None = None) -> None:
        self.message = self.default_message if message is None else message
        super().__init__(f"{self.code}: {self.message}")

    @property
    def code(self) -> str:
        """AWS's error code: the class's name."""
        return type(self).__name__


class AccessDenied(QueryError):
    status = 403
    default_message = "Access Denied"


class DeleteConflict(QueryError):
    status = 409


class EntityAlreadyExists(QueryError):
    status = 409


class EntityTemporarilyUnmodifiable(QueryError):
    status = 409


class ExpiredToken(QueryError):
    status = 403
    default_message = "The security token included in the request is expired"


class IncompleteSignature(QueryError):
    default_message = "The request signature does not conform to AWS standards."


class InternalFailure(QueryError):
    status = 500
    default_message = "The request processing has failed because of an unknown error, exception or failure."


class InvalidAction(QueryError):
    default_message = "Could not find operation"


class InvalidClientTokenId(QueryError):
    status = 403
    default_message = "The security token included in the request is invalid"


class InvalidInput(QueryError):
    pass


class InvalidNextToken(QueryError):
    default_message = "The next token specified is invalid."


class InvalidParameterCombination(QueryError):
    pass


class InvalidParameterValue(QueryError):
    pass


class LimitExceeded(QueryError):
    status = 409


class MalformedPolicyDocument(QueryError):
    pass


class MalformedQueryString(QueryError):
    status = 404
    default_message = "The query string contains a syntax error."


class MissingAction(QueryError):
    default_message = "The request is missing an action or a required parameter."


class MissingAuthenticationToken(QueryError):
    status = 403
    default_message = "Request is missing Authentication Token"


class MissingParameter(QueryError):
    pass


class NoSuchEntity(QueryError):
    status = 404


class NotImplemented(QueryError):
    """An operation of the model that Farshore does not have."""

    status = 501


class PackedPolicyTooLarge(QueryError):
    pass


class PolicyNotAttachable(QueryError):
    pass


class RequestEntityTooLarge(QueryError):
    status = 413
    default_message = "Request size exceeded the maximum allowed size."


class RequestExpired(QueryError):
    default_message = "Request has expired."


class SerializationException(QueryError):
    """A document of CBOR or JSON that is malformed, or of other types than the model's."""

    default_message = "The request document is malformed."


class ServiceUnavailable(QueryError):
    status = 503
    default_message = "The request has failed due to a temporary failure of the server."


class SignatureDoesNotMatch(QueryError):
    status = 403
    default_message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )


class ValidationError(QueryError):
    pass
