"""What a loop gives, its callers may rank: they get it in one container."""

import jax
import jax.numpy as jnp

RULES = {"twice": lambda x: 2 * x, "square": lambda x: x * x, "abs": jnp.abs}


def scenario(rule, key):
    return rule(jax.random.normal(key, (100,))).mean()


def costs(key):
    return {name: scenario(rule, key) for name, rule in RULES.items()}  # note: KS201


def compare():
    found = costs(jax.random.key(0))
    base = found["twice"]
    for name, cost in found.items():
        print(name, cost - base)


def noises(key):
    return [scenario(rule, key) for rule in RULES.values()]  # KS201


def add_up():
    found = noises(jax.random.key(1))
    return sum(found)


def scores(key):
    kept = []
    for rule in RULES.values():
        kept.append(scenario(rule, key))  # note: KS201
    return kept


def best():
    found = scores(jax.random.key(2))
    return max(found)


def lists(key):
    return [scenario(rule, key) for rule in RULES.values()]  # KS201


def one_ranks():
    found = lists(jax.random.key(3))
    return max(found)


def the_other_trains(w):
    found = lists(jax.random.key(4))
    return w + jnp.stack(found)


compare()
print(add_up(), best(), one_ranks(), the_other_trains(0.0))
