"""The errors of S3 Control that S3 does not have: one class per exception of AWS's model, class name = code.

All but the last answer 400, a job that is not found among them (the model says so).
Source: Amazon S3 API Reference, "S3 Control"; the service model's exceptions.
"""

from __future__ import annotations

from farshore.model.errors import S3Error


class BadRequestException(S3Error):
    default_message = "Bad Request"


class IdempotencyException(S3Error):
    default_message = "The client request token was already used with different parameters"


class InvalidNextTokenException(S3Error):
    default_message = "The next token is not valid"


class InvalidRequestException(S3Error):
    default_message = "Invalid Request"


class JobStatusException(S3Error):
    default_message = "The job's status does not allow the request"


class NotFoundException(S3Error):
    default_message = "The specified job does not exist"


class TooManyTagsException(S3Error):
    default_message = "The number of tags exceeds the limit"
