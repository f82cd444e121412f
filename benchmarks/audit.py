"""What an audit, and a plan, cost the program that they look at.

    python benchmarks/audit.py         # prints a table, writes results/audit.json

- *a step*: a training step of a transformer of 12 layers under ``nn.scan(nn.remat(Block))``, float32,
  with its first call (trace, compile, and under audit the plan and its slice) and its steady calls;
- *short calls*: a jitted call of microseconds that draws, and one that does not; eager draws;
- *programs*, from the first line to the last, the judging of the recording included: NUTS of NumPyro,
  a deep Q-learning loop, and a training whose steps are all in one ``lax.scan``;
- *plans*: the keys of a call of the step above, and the plan of a transformer of 48 layers, unrolled,
  beside the trace that JAX itself makes of it.

Plain and audited alternate in every round; ratios are within a round.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import optax
from measure import quartiles, save
from numpyro.infer import MCMC, NUTS
from rich.console import Console
from rich.progress import track
from rich.table import Table

import keystream as ks

WIDTH, HEADS, LENGTH, SEQUENCES, LAYERS, DEEP = 64, 4, 64, 4, 12, 48


class Block(nn.Module):
    """Attention and an MLP, each with a dropout."""

    train: bool

    @nn.compact
    def __call__(self, x: jax.Array, _: Any = None) -> tuple[jax.Array, None]:  # noqa: D102
        drop = functools.partial(nn.Dropout, 0.1, deterministic=not self.train)
        attended = nn.MultiHeadDotProductAttention(HEADS)(nn.LayerNorm()(x))
        x = x + drop()(attended)
        hidden = drop()(nn.gelu(nn.Dense(4 * WIDTH)(nn.LayerNorm()(x))))
        return x + drop()(nn.Dense(WIDTH)(hidden)), None


class Scanned(nn.Module):
    """All layers in one scan, each of them rematerialised."""

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:  # noqa: D102
        layers = nn.scan(
            nn.remat(Block),
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": True},
            length=LAYERS,
        )
        return layers(train)(x, None)[0]


class Unrolled(nn.Module):
    """Layer after layer."""

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:  # noqa: D102
        for _ in range(DEEP):
            x, _ = Block(train)(x, None)
        return x


def training_step(model: nn.Module) -> tuple[Callable[..., Any], list[Any]]:
    """A step that was never called, and its arguments."""
    x = jax.random.normal(jax.random.key(0), (SEQUENCES, LENGTH, WIDTH))
    params = model.init(jax.random.key(1), x, False)
    tx = optax.adam(1e-3)

    def step(params: Any, state: Any, x: jax.Array, key: jax.Array, number: Any) -> Any:
        dropout = jax.random.fold_in(key, number)

        def loss(params: Any) -> jax.Array:
            return jnp.mean((model.apply(params, x, True, rngs={"dropout": dropout}) - x) ** 2)

        value, grads = jax.value_and_grad(loss)(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, value

    return step, [params, tx.init(params), x, jax.random.key(2)]


def a_step(rounds: int) -> dict[str, Any]:
    """First and steady calls, in milliseconds."""
    step, arguments = training_step(Scanned())
    first: dict[str, list[float]] = {"plain": [], "audited": []}
    steady: dict[str, list[float]] = {"plain": [], "audited": []}
    for turn in track(range(rounds), "a step", transient=True):
        for name in sides(turn):
            jax.clear_caches()
            call = jax.jit(functools.partial(step))  # a function that was never compiled
            params, state, x, key = arguments
            with watched(name):
                first[name].append(timed(call, *arguments, 0) * 1e3)
                for number in range(25):
                    if number == 5:
                        start = time.perf_counter()
                    params, state, _ = call(params, state, x, key, number)
                jax.block_until_ready(params)
                steady[name].append((time.perf_counter() - start) / 20 * 1e3)
    return {"first_ms": compared(first), "steady_ms": compared(steady)}


def short_calls(rounds: int) -> dict[str, Any]:
    """Microseconds of calls that do next to nothing."""
    key, legacy, x = jax.random.key(0), jax.random.PRNGKey(0), jnp.ones(8)
    draws = jax.jit(lambda key, x: x + jax.random.normal(key, x.shape))
    plain = jax.jit(lambda x: x + 1)

    def eager() -> jax.Array:
        _, sub = jax.random.split(jax.random.key(1))
        return jax.random.normal(sub, (256,))

    calls: dict[str, Callable[[], Any]] = {
        "jitted, draws from a typed key": lambda: draws(key, x),
        "jitted, draws from a legacy key": lambda: draws(legacy, x),
        "jitted, without a key": lambda: plain(x),
        "eager: key, split, normal": eager,
    }
    figures: dict[str, dict[str, list[float]]] = {
        name: {"plain": [], "audited": []} for name in calls
    }
    for turn in track(range(rounds), "short calls", transient=True):
        for side in sides(turn):
            with watched(side):
                for name, call in calls.items():
                    for _ in range(50):
                        call()
                    start = time.perf_counter()
                    for _ in range(500):
                        result = call()
                    jax.block_until_ready(result)
                    figures[name][side].append((time.perf_counter() - start) / 500 * 1e6)
    return {name: compared(each) for name, each in figures.items()}


def nuts() -> Any:
    """NUTS on eight schools."""
    sigma = jnp.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
    y = jnp.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])

    def schools() -> None:
        mu = numpyro.sample("mu", dist.Normal(0, 5))
        tau = numpyro.sample("tau", dist.HalfCauchy(5))
        theta = numpyro.sample("theta", dist.Normal(mu, tau).expand([8]))
        numpyro.sample("obs", dist.Normal(theta, sigma), obs=y)

    run = MCMC(NUTS(schools), num_warmup=500, num_samples=500, progress_bar=False)
    run.run(jax.random.key(0))
    return run.get_samples()["mu"]


def q_learning() -> Any:
    """Deep Q-learning of a walk: a choice, a step of the world, a replayed batch in each turn."""
    key = jax.random.key(0)
    key, init_key = jax.random.split(key)
    params = {"a": 0.3 * jax.random.normal(init_key, (4, 32)), "b": jnp.zeros((32, 2))}

    def value(params: Any, state: jax.Array) -> jax.Array:
        return jnp.tanh(state @ params["a"]) @ params["b"]

    @jax.jit
    def act(params: Any, state: jax.Array, key: jax.Array) -> jax.Array:
        explore, choice = jax.random.split(key)
        random = jax.random.randint(choice, (), 0, 2)
        greedy = value(params, state).argmax()
        return jnp.where(jax.random.bernoulli(explore, 0.1), random, greedy)

    @jax.jit
    def world(state: jax.Array, action: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        state = 0.9 * state + (2 * action - 1) * 0.1 + 0.05 * jax.random.normal(key, state.shape)
        return state, -jnp.abs(state).sum()

    @jax.jit
    def learn(params: Any, memory: Any, key: jax.Array) -> Any:
        chosen = jax.random.randint(key, (32,), 0, 256)
        states, actions, rewards, following = (part[chosen] for part in memory)

        def loss(params: Any) -> jax.Array:
            target = rewards + 0.95 * value(params, following).max(-1)
            taken = jnp.take_along_axis(value(params, states), actions[:, None], 1)[:, 0]
            return jnp.mean((taken - jax.lax.stop_gradient(target)) ** 2)

        return jax.tree.map(lambda w, g: w - 0.01 * g, params, jax.grad(loss)(params))

    state = jnp.zeros(4)
    memory = (jnp.zeros((256, 4)), jnp.zeros(256, int), jnp.zeros(256), jnp.zeros((256, 4)))
    for turn in range(1000):
        key, act_key, world_key, batch_key = jax.random.split(key, 4)
        action = act(params, state, act_key)
        following, reward = world(state, action, world_key)
        new = (state, action, reward, following)
        memory = tuple(m.at[turn % 256].set(v) for m, v in zip(memory, new, strict=True))
        params, state = learn(params, memory, batch_key), following
    return params


def one_scan() -> Any:
    """A training whose thousand steps are one program."""
    x = jax.random.normal(jax.random.key(1), (256, 32))

    def train(params: Any, key: jax.Array) -> Any:
        def step(carry: Any, number: jax.Array) -> Any:
            params, key = carry
            key, sub = jax.random.split(key)

            def loss(params: Any) -> jax.Array:
                hidden = jnp.tanh(x @ params[0])
                keep = jax.random.bernoulli(sub, 0.9, hidden.shape)
                return jnp.mean((jnp.where(keep, hidden / 0.9, 0) @ params[1] - x) ** 2)

            grads = jax.grad(loss)(params)
            return (jax.tree.map(lambda w, g: w - 0.1 * g, params, grads), key), number

        return jax.lax.scan(step, (params, key), jnp.arange(1000))[0][0]

    return jax.jit(train)((jnp.eye(32, 128), jnp.eye(128, 32)), jax.random.key(2))


def programs(rounds: int) -> dict[str, Any]:
    """Seconds of whole programs."""
    figures: dict[str, Any] = {}
    for program in (nuts, q_learning, one_scan):
        taken: dict[str, list[float]] = {"plain": [], "audited": []}
        for turn in track(range(rounds), program.__name__, transient=True):
            for side in sides(turn):
                jax.clear_caches()
                start = time.perf_counter()
                with watched(side):
                    jax.block_until_ready(program())
                taken[side].append(time.perf_counter() - start)
        figures[program.__name__] = compared(taken)
    return figures


def plans(rounds: int) -> dict[str, Any]:
    """Milliseconds to have the keys of a call, and to plan a deep program."""
    step, arguments = training_step(Scanned())
    plan = ks.plan(step, *arguments, 0)
    plan.keys(*arguments, 0)
    keys = []
    for _ in range(rounds):
        start = time.perf_counter()
        for number in range(100):
            plan.keys(*arguments, number)
        keys.append((time.perf_counter() - start) / 100 * 1e3)
    deep, arguments = training_step(Unrolled())
    taken: dict[str, list[float]] = {"plain": [], "audited": []}
    for turn in track(range(rounds), "plans", transient=True):
        for side in sides(turn):
            jax.clear_caches()
            fresh = functools.partial(deep)
            make = jax.make_jaxpr(fresh) if side == "plain" else functools.partial(ks.plan, fresh)
            start = time.perf_counter()
            make(*arguments, 0)
            taken[side].append((time.perf_counter() - start) * 1e3)
    figures = compared(taken)
    figures["trace"], figures["plan"] = figures.pop("plain"), figures.pop("audited")
    return {"keys_of_a_call_ms": quartiles(np.array(keys)), "deep_ms": figures}


def sides(turn: int) -> Iterator[str]:
    """Both, in an order that changes from round to round."""
    yield from ("plain", "audited") if turn % 2 else ("audited", "plain")


@contextmanager
def watched(side: str) -> Iterator[None]:
    """Within an audit, or not."""
    with ks.audit() if side == "audited" else nullcontext():
        yield


def timed(call: Callable[..., Any], *arguments: Any) -> float:
    """Seconds until the result of a call is there."""
    start = time.perf_counter()
    jax.block_until_ready(call(*arguments))
    return time.perf_counter() - start


def compared(figures: dict[str, list[float]]) -> dict[str, Any]:
    """Quartiles of both sides, of their ratio and of their difference."""
    plain, audited = (np.array(figures[side]) for side in ("plain", "audited"))
    return {
        "plain": quartiles(plain),
        "audited": quartiles(audited),
        "ratio": quartiles(audited / plain),
        "added": quartiles(audited - plain),
    }


def rows(figures: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What a table shows: a label, a unit, and quartiles."""
    yield "step, first call", "ms", figures["step"]["first_ms"]
    yield "step, steady", "ms", figures["step"]["steady_ms"]
    for name, each in figures["short calls"].items():
        yield name, "µs", each
    for name, each in figures["programs"].items():
        yield name, "s", each
    deep = figures["plans"]["deep_ms"]
    yield (
        "trace, plan of 48 layers",
        "ms",
        {**deep, "plain": deep["trace"], "audited": deep["plan"]},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-save", action="store_true")
    options = parser.parse_args()
    figures = {
        "rounds": options.rounds,
        "step": a_step(options.rounds),
        "short calls": short_calls(2 * options.rounds),
        "programs": programs(options.rounds),
        "plans": plans(options.rounds),
    }
    table = Table("", "plain", "audited", "ratio", "added", title="What an audit costs (medians)")
    for label, unit, each in rows(figures):
        parts = (f"{each[name][1]:.4g} {unit}" for name in ("plain", "audited"))
        table.add_row(label, *parts, f"{each['ratio'][1]:.3f}", f"{each['added'][1]:.3g} {unit}")
    console = Console()
    console.print(table)
    keys = figures["plans"]["keys_of_a_call_ms"][1]
    console.print(f"keys of a call of the step: {keys:.3g} ms")
    if not options.no_save:
        console.print(f"saved {save('audit', figures)}")


if __name__ == "__main__":
    main()
