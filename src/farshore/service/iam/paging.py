"""Lists in pages: at most MaxItems entries (100 unless told), from after the Marker.

A marker names the entry that it comes after, so that entries which come and go meanwhile do not shift the pages.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from farshore.model.query_errors import ValidationError
from farshore.service.deployment import Params

T = TypeVar("T")

ITEMS = 100


def page_size(params: Params) -> int:
    return params.get("MaxItems", ITEMS)


def after(params: Params) -> str:
    """The name after which the page begins; empty for the first. Raises ValidationError."""
    marker: str | None = params.get("Marker")
    if marker is None:
        return ""
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise ValidationError(f"Invalid Marker: {marker}") from error


def page(found: Sequence[T], params: Params, member: str, show: Callable[[T], Any], name: Callable[[T], str]) -> Params:
    """The answer of a list action.

    Args:
        found: entries from after the marker on, one more than the page takes if there are more.
        member: of the answer that holds the entries; name: of an entry, by which the list is ordered.
    """
    limit = page_size(params)
    shown = found[:limit]
    answer: Params = {member: [show(entry) for entry in shown], "IsTruncated": len(found) > limit}
    if len(found) > limit:
        answer["Marker"] = base64.b64encode(name(shown[-1]).encode(), altchars=b"-_").decode()
    return answer


def page_of_all(
    entries: Sequence[T], params: Params, member: str, show: Callable[[T], Any], name: Callable[[T], str]
) -> Params:
    """As `page`, of a list that was read whole, whatever its order; names are unique in it.

    A marker that is gone begins again at the first entry: some are then seen twice, none is missed.
    """
    start = after(params)
    names = [name(entry) for entry in entries]
    return page(entries[names.index(start) + 1 if start in names else 0 :], params, member, show, name)
