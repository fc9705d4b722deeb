"""Frozen dataclasses to JSON documents and back, by their type hints; nothing is ever executed.

Fields that have their default are left out, so that a field added later does not make what was
written before unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
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
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [encode(inner) for inner in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def decode(hint: Any, document: Any) -> Any:
    """The value of type `hint` that `encode` made `document` from."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return None if document is None else decode(kinds[0], document)
    if origin is tuple:
        return _tuple(get_args(hint), document)
    if origin is np.ndarray:
        dtype = get_args(get_args(hint)[1])[0]
        return np.array(document, dtype)
    if isinstance(hint, NewType):
        return decode(hint.__supertype__, document)
    if isinstance(hint, type):
        return _instance(hint, document)
    return document


def _tuple(kinds: tuple[Any, ...], document: Any) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(decode(kinds[0], inner) for inner in document)
    return tuple(decode(kind, inner) for kind, inner in zip(kinds, document, strict=True))


def _instance(kind: type, document: Any) -> Any:
    if issubclass(kind, Tagged):
        kind = _tagged(kind, document["is"])
    if is_dataclass(kind):
        return kind(**_fields(kind, document))
    if issubclass(kind, (Enum, Path)):
        return kind(document)
    if issubclass(kind, datetime):
        return datetime.fromisoformat(document)
    if issubclass(kind, float):
        return float(document)
    if not isinstance(document, kind):
        raise TypeError(f"{document!r} is no {kind.__name__}")
    return document


def _fields(kind: type, document: Mapping[str, Any]) -> dict[str, Any]:
    hints = _hints(kind)
    return {name: decode(hints[name], inner) for name, inner in document.items() if name != "is"}


def _tagged(base: type, name: str) -> type:
    for kind in (base, *base.__subclasses__()):
        if kind.__name__ == name:
            return kind
    raise ValueError(f"{name} is no {base.__name__}")


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
