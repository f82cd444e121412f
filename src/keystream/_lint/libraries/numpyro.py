"""NumPyro: ``handlers.seed``, inference objects that take a key."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.registry import MADE, Call, handles, handles_method
from keystream._lint.values import Made, Symbol, Value


@handles("numpyro.handlers.seed", "numpyro.handlers.seed.seed")
def _seed(reader: Calls, call: Call) -> Value:
    key = call.argument(1, "rng_seed")
    if (
        key is None
        and call.args
        and isinstance(call.args[0], Symbol)
        and call.args[0].op in ("const", "seed", "child")
    ):
        key = call.args[0]
    reader.fact("seed_handler", call.node, seed=key, turns=reader.frame.turns)
    return Made(
        "numpyro.handlers.seed", call.args, call.keywords, call.node, reader.fresh("seeded")
    )


@handles("numpyro.infer.MCMC", "numpyro.infer.Predictive", "numpyro.infer.SVI")
def _inference(reader: Calls, call: Call) -> Value:
    return Made(call.name, call.args, call.keywords, call.node, reader.fresh("inference"))


def _predict(reader: Calls, call: Call) -> Value:
    key = call.argument(0, "rng_key")
    if isinstance(key, Symbol):
        reader.use(key, "draw", "Predictive", call.node, text="", extra=call.owner)
    return reader.fresh("samples")


MADE["numpyro.infer.Predictive"] = _predict


@handles_method("run", "warmup", "init")
def _run(reader: Calls, call: Call) -> Value | None:
    owner = call.owner
    if isinstance(owner, Made) and owner.name in ("numpyro.infer.MCMC", "numpyro.infer.SVI"):
        key = call.argument(0, "rng_key")
        if isinstance(key, Symbol):
            reader.use(
                key,
                "draw",
                f"{owner.name.rpartition('.')[2]}.{call.name}",
                call.node,
                text="",
                extra=owner,
            )
        return reader.fresh("result")
    return None
