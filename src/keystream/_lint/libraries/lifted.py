"""Linen's lifted loops and batches of modules."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.libraries.layers import (
    keyword_node,
    truth,
)
from keystream._lint.registry import KINDS, Call, handles
from keystream._lint.values import (
    Class,
    Made,
    Mapping,
    Partial,
    Reference,
    Value,
    Wrapped,
)


@handles(
    "flax.linen.scan",
    "flax.linen.vmap",
    "flax.linen.transforms.scan",
    "flax.linen.transforms.vmap",
    "flax.linen.remat_scan",
)
def _lifted(reader: Calls, call: Call) -> Value | None:
    target = call.argument(0, "target")
    split = call.keywords.get("split_rngs")
    kind = call.name.rpartition(".")[2]
    if target is None:
        return Partial(Reference(call.name), [], call.keywords)
    if isinstance(split, Mapping) or split is None:
        flags = (
            {str(n): truth(v) for n, v in split.items.items()} if isinstance(split, Mapping) else {}
        )
        reader.fact(
            "lifted",
            keyword_node(call.node, "split_rngs") or call.node,
            kind=kind,
            lifted=reader.site(call.node),
            target=target,
            flags=flags,
            complete=not isinstance(split, Mapping) or split.complete,
            given=split is not None,
            axes=call.keywords.get("variable_axes"),
        )
    return Wrapped("lifted", target, dict(call.keywords), call.node, call.name)


def _call_lifted(reader: Calls, call: Call) -> Value:
    wrapped = call.owner
    assert isinstance(wrapped, Wrapped)
    if isinstance(wrapped.function, Class):
        return Made("lifted", call.args, call.keywords, call.node, reader.fresh("lifted"))
    return reader.fresh("lifted", *call.args)


KINDS["lifted"] = _call_lifted
