"""NumPyro: states that hold a key, and models that are seeded in a function."""

from typing import Any, NamedTuple

import jax
from numpyro import handlers
from numpyro.infer import SVI
from numpyro.infer.svi import SVIState


class FitState(NamedTuple):
    optim_state: Any
    key: Any


def the_key_put_back(model, guide, optim, loss, key, x):
    svi = SVI(model, guide, optim, loss)
    first = svi.init(key, x)

    def body(fitted, _):
        state, value = svi.update(SVIState(fitted.optim_state, None, fitted.key), x)
        return FitState(state.optim_state, fitted.key), value

    start = FitState(first.optim_state, first.rng_key)
    return jax.lax.scan(body, start, None, length=10)  # KS203


def one_key_in_every_step(model, guide, optim, loss, key, xs):
    svi = SVI(model, guide, optim, loss)
    state = svi.init(jax.random.fold_in(key, 0), xs[0])
    own = jax.random.fold_in(key, 1)
    for x in xs:
        state, _ = svi.update(SVIState(state.optim_state, None, own), x)  # KS203
    return state


def traced(model, key, n):
    trace = handlers.trace(handlers.seed(model, rng_seed=key)).get_trace(n)
    return trace["y"]["value"]


def one_data_set_for_all(model, key, count):
    return [traced(model, key, 10) for _ in range(count)]  # KS101


def one_data_set_in_each_turn(model, key, count, fit, state):
    for _ in range(count):
        state = fit(state, traced(model, key, 10))  # KS201
    return state


# The state's own key is another in each step.


def the_key_handed_on(model, guide, optim, loss, key, x):
    svi = SVI(model, guide, optim, loss)
    first = svi.init(key, x)

    def body(fitted, _):
        state, value = svi.update(SVIState(fitted.optim_state, None, fitted.key), x)
        return FitState(state.optim_state, state.rng_key), value

    start = FitState(first.optim_state, first.rng_key)
    return jax.lax.scan(body, start, None, length=10)


def updated(model, guide, optim, loss, key, xs):
    svi = SVI(model, guide, optim, loss)
    state = svi.init(key, xs[0])
    for x in xs:
        state, _ = svi.update(state, x)
    return state


def a_key_for_each(model, key, count):
    return [traced(model, each, 10) for each in jax.random.split(key, count)]


def seeded_once(model, key, xs):
    seeded = handlers.seed(model, rng_seed=key)
    return [seeded(x) for x in xs]


def density(model, key, values, x):
    given = handlers.substitute(handlers.seed(model, key), data=values)
    return handlers.trace(given).get_trace(x)


def densities_of_given_values(model, key, draws, x):
    return [density(model, key, values, x) for values in draws]
