"""Records that carry a key, and keep it where it is not replaced."""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import struct


@struct.dataclass
class State:
    position: jax.Array
    key: jax.Array


def reset(key):
    key, start_key = jax.random.split(key)
    return State(position=jax.random.uniform(start_key, (2,)), key=key)


def env_step(state):
    key, gust_key = jax.random.split(state.key)
    return state.replace(position=state.position + jax.random.normal(gust_key, (2,)))


def rollout(key):
    return jax.lax.fori_loop(0, 5, lambda _, state: env_step(state), reset(key))  # KS203


class Chain(NamedTuple):
    x: jax.Array
    key: jax.Array


def walk(chain):
    key, noise_key = jax.random.split(chain.key)
    return chain._replace(x=chain.x + jax.random.normal(noise_key))


def walked(key):
    chain = Chain(jnp.zeros(()), key)
    for _ in range(10):
        chain = walk(chain)  # KS201
    return chain


@dataclasses.dataclass
class Walker:
    x: jax.Array
    key: jax.Array


def of_a_dataclass(key):
    walker = Walker(jnp.zeros(()), key)
    for _ in range(10):
        _, noise_key = jax.random.split(walker.key)
        walker = dataclasses.replace(walker, x=walker.x + jax.random.normal(noise_key))  # KS203
    return walker


class Noisy(eqx.Module):
    x: jax.Array
    key: jax.Array


def of_a_module(key):
    noisy = Noisy(jnp.zeros(()), key)
    for _ in range(10):
        _, noise_key = jax.random.split(noisy.key)
        noisy = eqx.tree_at(lambda m: m.x, noisy, noisy.x + jax.random.normal(noise_key))  # KS203
    return noisy


def of_an_unknown_state(state, batches):
    for batch in batches:
        noise = jax.random.normal(state.key, batch.shape)  # KS203
        state = state.replace(position=state.position + noise)
    return state


# Near misses.


def replaced_too(key):
    chain = Chain(jnp.zeros(()), key)
    for _ in range(10):
        key, noise_key = jax.random.split(chain.key)
        chain = chain._replace(x=chain.x + jax.random.normal(noise_key), key=key)
    return chain


def of_a_step(state, batches):
    for batch in batches:
        step_key = jax.random.fold_in(state.key, state.step)
        noise = jax.random.normal(step_key, batch.shape)
        state = state.replace(position=state.position + noise, step=state.step + 1)
    return state


def of_a_train_state(state, batches):
    for batch in batches:
        step_key = jax.random.fold_in(state.key, state.step)
        state = state.apply_gradients(grads=jax.random.normal(step_key, batch.shape))
    return state


def of_a_module_too(key):
    noisy = Noisy(jnp.zeros(()), key)
    for _ in range(10):
        key, noise_key = jax.random.split(noisy.key)
        x = noisy.x + jax.random.normal(noise_key)
        noisy = eqx.tree_at(lambda m: (m.x, m.key), noisy, (x, key))
    return noisy


def of_text(names, key):
    return {name.replace("a", "b"): jax.random.fold_in(key, i) for i, name in enumerate(names)}


# A step that its file does not call leaves the key as it was; or the key has gone on, or is a child's.


@jax.jit
def left_by_a_split(state, x):
    noise_key, _ = jax.random.split(state.key)
    return state.replace(position=state.position + jax.random.normal(noise_key, x.shape))  # KS102


def left_by_a_draw(state, x):
    noise = jax.random.normal(state.key, x.shape)
    state = state._replace(position=state.position + noise)
    return state, noise.mean()  # KS101


def left_by_gradients(state, grads):
    keys = jax.random.split(state.key, len(grads))
    noisy = [g + jax.random.normal(k, g.shape) for g, k in zip(grads, keys)]
    moved = state.apply_gradients(grads=noisy)
    return moved  # KS102


def gone_on(state, x):
    key, noise_key = jax.random.split(state.key)
    noise = jax.random.normal(noise_key, x.shape)
    return state.replace(position=state.position + noise, key=key)


def by_its_step(state, grads):
    noise_key = jax.random.fold_in(state.key, state.step)
    return state.apply_gradients(grads=grads + jax.random.normal(noise_key, grads.shape))


def given_beside(state, key, x):
    return state.replace(position=state.position + jax.random.normal(key, x.shape))


def of_another(state, other, x):
    noise = jax.random.normal(other.key, x.shape)
    return state.replace(position=state.position + noise)


def left_by_a_model(state, batch):
    def loss(params):
        rngs = {"dropout": state.dropout_rng}
        return state.apply_fn({"params": params}, batch, train=True, rngs=rngs).mean()

    return state.apply_gradients(grads=jax.grad(loss)(state.params))  # KS101


def not_drawn_from_in_evaluation(state, batch):
    rngs = {"dropout": state.dropout_rng}
    logits = state.apply_fn({"params": state.params}, batch, train=False, rngs=rngs)
    return state.replace(metrics=logits.mean())


def by_a_model_and_its_step(state, batch):
    def loss(params):
        rngs = {"dropout": jax.random.fold_in(state.dropout_rng, state.step)}
        return state.apply_fn({"params": params}, batch, train=True, rngs=rngs).mean()

    return state.apply_gradients(grads=jax.grad(loss)(state.params))


def told_by_the_loop(state, batches):
    def step(state, batch):
        rngs = {"dropout": state.loop_rng}
        output = state.apply_fn({"params": state.params}, batch, train=True, rngs=rngs)
        return state.replace(output=output)

    for batch in batches:
        state = step(state, batch)  # KS201
    return state
