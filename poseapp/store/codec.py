"""Frozen dataclasses to JSON documents and back, by their type hints; nothing is ever executed.

Fields that have their default are left out, so that a field added later does not make what was
written before unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import numpy as np


class Tagged:
    """Base of dataclasses of which one stands for all: their JSON names the class."""


def to_json(value: Any) -> str:
    """One line of JSON; positions that are NaN stay NaN."""
    return json.dumps(encode(value), ensure_ascii=False, separators=(",", ":"))


def from_json(hint: Any, text: str) -> Any:
    """The value of type `hint` that `to_json` wrote.

    Raises:
        ValueError, TypeError, KeyError: when the text is no such value.
    """
    return decode(hint, json.loads(text))


def encode(value: Any) -> Any:
    """What `json.dumps` takes."""
    if is_dataclass(value) and not isinstance(value, type):
        document = {"is": type(value).__name__} if isinstance(value, Tagged) else {}
        for field in fields(value):
            inner = getattr(value, field.name)
            if inner is not field.default:
                document[field.name] = encode(inner)
        return document
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [encode(inner) for inner in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def decode(hint: Any, document: Any) -> Any:
    """The value of type `hint` that `encode` made `document` from."""
    return _decoder(hint)(document)


Decoder = Callable[[Any], Any]


@cache
def _decoder(hint: Any) -> Decoder:
    """How to read values of a type; worked out once for each."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional(get_args(hint))
    if origin is tuple:
        return _tuple(get_args(hint))
    if origin is np.ndarray:
        dtype = get_args(get_args(hint)[1])[0]
        return lambda document: np.array(document, dtype)
    if isinstance(hint, NewType):
        return _decoder(hint.__supertype__)
    if isinstance(hint, type):
        return _of_class(hint)
    raise NotImplementedError(f"values of type {hint} cannot be stored")


def _optional(kinds: tuple[Any, ...]) -> Decoder:
    (inner,) = (_decoder(kind) for kind in kinds if kind is not NoneType)
    return lambda document: None if document is None else inner(document)


def _tuple(kinds: tuple[Any, ...]) -> Decoder:
    if kinds[-1] is Ellipsis:
        each = _decoder(kinds[0])
        return lambda document: tuple([each(inner) for inner in document])
    decoders = [_decoder(kind) for kind in kinds]
    return lambda document: tuple(
        [each(inner) for each, inner in zip(decoders, document, strict=True)]
    )


def _of_class(kind: type) -> Decoder:
    if issubclass(kind, Tagged) and not is_dataclass(kind):
        named = {inner.__name__: inner for inner in kind.__subclasses__()}
        return lambda document: _decoder(named[document["is"]])(document)
    if is_dataclass(kind):
        return _of_dataclass(kind)
    if issubclass(kind, (Enum, Path)):
        return kind
    if issubclass(kind, float):
        return float
    return lambda document: _must_be(kind, document)


def _of_dataclass(kind: type) -> Decoder:
    decoders = {name: _decoder(hint) for name, hint in get_type_hints(kind).items()}
    decoders["is"] = lambda document: document

    def read(document: Any) -> Any:
        values = {name: decoders[name](inner) for name, inner in _must_be(dict, document).items()}
        values.pop("is", None)
        return kind(**values)

    return read


def _must_be(kind: type, document: Any) -> Any:
    if not isinstance(document, kind):
        raise TypeError(f"{document!r} is no {kind.__name__}")
    return document
