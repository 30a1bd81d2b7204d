"""Tools that are plain callables: functions, methods, partials, objects and generators."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Replace", "acting_as", "name_of", "rebuilt_callable"]

Replace = Callable[[str, Callable[..., Any], Container[str]], Callable[..., Any]]
"""Takes a tool's name, what it calls, and the arguments that are the framework's own affair; gives
what is called instead."""

_PLAIN = (str, int, float, list, tuple, dict, type(None))


def name_of(tool: Callable[..., Any]) -> str:
    """What a callable is called; a partial as what it calls, an object as its class.

    >>> name_of(functools.partial(len))
    'len'
    """
    if isinstance(tool, functools.partial):
        return name_of(tool.func)
    own = getattr(tool, "name", None) or getattr(tool, "__name__", None)
    return own if isinstance(own, str) else type(tool).__name__


def rebuilt_callable(tool: Callable[..., Any], replace: Replace) -> Any:
    """The same callable with something else below it, and below pydantic's validation."""
    name = name_of(tool)
    if isinstance(tool, functools.partial):
        return _partial(name, tool, replace)
    validated = getattr(tool, "raw_function", None)
    if validated is not None:
        import pydantic

        return pydantic.validate_call(replace(name, validated, ()))
    return replace(name, tool, ()) if inspect.isroutine(tool) else _object(name, tool, replace)


def _partial(name: str, tool: functools.partial[Any], replace: Replace) -> Any:
    """What it has bound stays bound; what is no plain value there, as a client, is its own."""
    bound = inspect.signature(tool.func).bind_partial(*tool.args, **tool.keywords).arguments
    aside = {key for key, value in bound.items() if not isinstance(value, _PLAIN)}
    inner = rebuilt_callable(
        tool.func, lambda _, original, more: replace(name, original, aside | set(_all(more)))
    )
    return functools.partial(inner, *tool.args, **tool.keywords)


def _all(aside: Container[str]) -> Iterable[str]:
    return aside if isinstance(aside, Iterable) else ()


def _object(name: str, tool: Any, replace: Replace) -> Any:
    """An object that is called keeps everything else of its own."""
    kind = type(tool)
    called = replace(name, tool, ())

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        del self
        return called(*args, **kwargs)

    made = copy.copy(tool)
    parts = {"__module__": kind.__module__, "__slots__": (), "__call__": _as(kind.__call__, call)}
    made.__class__ = type(kind.__name__, (kind,), parts)
    return made


def _as(original: Callable[..., Any], call: Callable[..., Any]) -> Callable[..., Any]:
    """A method that is as asynchronous as the original."""
    if not inspect.iscoroutinefunction(original):
        return functools.wraps(original)(call)

    async def later(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await call(self, *args, **kwargs)

    return functools.wraps(original)(later)


def acting_as(original: Callable[..., Any], act: Callable[..., Any]) -> Callable[..., Any]:
    """`act` in the manner of `original`: at once, awaited, or part by part.

    Of a tool that gives its answer in parts, a list is given item by item, and anything else as
    the only part.
    """
    called = original if inspect.isroutine(original) else getattr(original, "__call__", original)  # noqa: B004 # the method is wanted, to see how it is written

    async def later(*args: Any, **kwargs: Any) -> Any:
        return act(*args, **kwargs)

    def parts(*args: Any, **kwargs: Any) -> Iterator[Any]:
        yield from _parts(act(*args, **kwargs))

    async def parts_later(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        for each in _parts(act(*args, **kwargs)):
            yield each

    manners = {
        inspect.iscoroutinefunction: later,
        inspect.isasyncgenfunction: parts_later,
        inspect.isgeneratorfunction: parts,
    }
    made = next((way for asks, way in manners.items() if asks(called)), act)
    if inspect.isroutine(original):
        return functools.wraps(original)(made)
    made.__doc__ = original.__doc__
    return made


def _parts(answer: Any) -> Iterator[Any]:
    if isinstance(answer, Iterable) and not isinstance(answer, str | bytes | Mapping):
        yield from answer
    else:
        yield answer
