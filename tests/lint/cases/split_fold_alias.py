"""One parent, split and folded with small numbers."""

from dataclasses import dataclass

import jax


def init_and_steps(root, steps):
    k1, k2 = jax.random.split(root)
    total = jax.random.normal(k1) + jax.random.normal(k2)
    for step in range(steps):
        total += jax.random.normal(jax.random.fold_in(root, step))  # KS103
    return total


def same_index(root):
    a, b = jax.random.split(root)
    c = jax.random.fold_in(root, 1)  # KS103
    return jax.random.normal(a) + jax.random.normal(b) + jax.random.normal(c)


@dataclass
class Ring:
    members: jax.Array
    rounds: jax.Array

    @classmethod
    def of(cls, key):
        return cls(members=key, rounds=key)

    @classmethod
    def apart(cls, key):
        members, rounds = jax.random.split(key)
        return cls(members=members, rounds=rounds)


def by_an_object(root, rounds):
    ring = Ring.of(root)
    total = sum(jax.random.normal(key) for key in jax.random.split(ring.members, 4))
    for r in range(rounds):
        total += jax.random.normal(jax.random.fold_in(ring.rounds, r))  # KS103
    return total


# Near misses.


def by_another_object(root, rounds):
    ring = Ring.apart(root)
    total = sum(jax.random.normal(key) for key in jax.random.split(ring.members, 4))
    for r in range(rounds):
        total += jax.random.normal(jax.random.fold_in(ring.rounds, r))
    return total


def separate_roots(root, steps):
    init_root, step_root = jax.random.split(root)
    total = jax.random.normal(init_root)
    for step in range(steps):
        total += jax.random.normal(jax.random.fold_in(step_root, step))
    return total


def beyond_the_split(root):
    a, b = jax.random.split(root)
    c = jax.random.fold_in(root, 7)
    return jax.random.normal(a) + jax.random.normal(b) + jax.random.normal(c)
