"""AWS's service model as data: botocore's own `service-2.json`, with our patches laid over it.

A `Shape` is a shape as one place refers to it: the shape's own traits, overlaid by those of the reference. The model is
walked only while readers and writers are compiled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import botocore
import botocore.loaders

Traits = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One service's model after patching.

    namespace: of the XML that the service answers.
    patches: what patches.json says of the service beyond its shapes, by the names used there.
    """

    service: str
    namespace: str
    shapes: Mapping[str, Traits]
    operations: Mapping[str, Traits]
    patches: Mapping[str, Any]

    def shape(self, reference: Traits) -> Shape:
        """The shape that `{"shape": name, …}` refers to."""
        return Shape(self, reference)

    def patch(self, operation: str) -> Traits:
        """What patches.json says of an operation; empty for most."""
        return self.patches.get("operations", {}).get(operation, {})

    def names(self, key: str) -> frozenset[str]:
        """A list of names in patches.json (`open_enums`, `unrouted` …)."""
        return frozenset(self.patches.get(key, ()))


class Shape:
    """A shape in its place. Names of members and traits are botocore's."""

    def __init__(self, definition: Definition, reference: Traits) -> None:
        self._definition = definition
        self.name: str = reference["shape"]
        self.traits: Traits = {**definition.shapes[self.name], **reference}

    @property
    def type(self) -> str:
        """structure, list, map, string, integer, long, double, float, boolean, timestamp, blob."""
        return self.traits["type"]

    @cached_property
    def members(self) -> Mapping[str, Shape]:
        """Of a structure, in the model's order."""
        members: Mapping[str, Traits] = self.traits.get("members", {})
        return {name: Shape(self._definition, reference) for name, reference in members.items()}

    @property
    def required(self) -> Sequence[str]:
        """Members that a structure must have."""
        return self.traits.get("required", ())

    @property
    def item(self) -> Shape:
        """Of a list."""
        return Shape(self._definition, self.traits["member"])

    @property
    def key(self) -> Shape:
        """Of a map."""
        return Shape(self._definition, self.traits["key"])

    @property
    def value(self) -> Shape:
        """Of a map."""
        return Shape(self._definition, self.traits["value"])

    @property
    def location(self) -> str | None:
        """uri, querystring, header, headers (a prefix); None for the body."""
        return self.traits.get("location")

    @property
    def enum(self) -> Sequence[str]:
        """The values that a string may have; empty when it may have any."""
        return self.traits.get("enum", ())

    @property
    def flattened(self) -> bool:
        """Whether a list's or map's entries stand in its parent, without an element around them."""
        return bool(self.traits.get("flattened"))

    @property
    def streaming(self) -> bool:
        """Whether a payload is a stream of bytes or events."""
        return bool(self.traits.get("streaming") or self.traits.get("eventstream"))

    @property
    def payload(self) -> str | None:
        """The member that is the whole body."""
        return self.traits.get("payload")

    def wire_name(self, default: str) -> str:
        """Name on the wire: of an element, header or parameter."""
        return self.traits.get("locationName", default)

    @property
    def body_members(self) -> Mapping[str, Shape]:
        """The members that are written as elements of the body."""
        return {name: member for name, member in self.members.items() if member.location is None}


def load_definition(service: str) -> Definition:
    """Read and patch the model of a service that patches.json knows, as installed with botocore.

    botocore's own extras are left out: they retype members for the benefit of clients.
    """
    loader = botocore.loaders.Loader(
        extra_search_paths=[str(files(botocore) / "data")],
        include_default_search_paths=False,
        include_default_extras=False,
    )
    model: Mapping[str, Any] = loader.load_service_model(service, "service-2")
    patches: Mapping[str, Any] = json.loads((files("farshore.wire") / "patches.json").read_text())[service]
    shapes: dict[str, Traits] = dict(model["shapes"])
    for name, traits in patches.get("shapes", {}).items():
        shapes[name] = {**shapes[name], **traits}
    return Definition(
        service=service,
        namespace=patches["namespace"],
        shapes=shapes,
        operations=model["operations"],
        patches=patches,
    )
