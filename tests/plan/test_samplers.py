"""Every public sampler of jax.random yields one site, whose key and values are those it was given."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks

NO_SAMPLERS = {
    "Key",
    "PRNGKey",
    "clone",
    "fold_in",
    "key",
    "key_data",
    "key_dtype",
    "key_impl",
    "random_gamma_p",
    "split",
    "wrap_key_data",
}
SQUARE = jnp.eye(2)
SAMPLERS: dict[str, Callable[[Any], Any]] = {
    "ball": lambda key: jax.random.ball(key, 3, shape=(2,)),
    "bernoulli": lambda key: jax.random.bernoulli(key, 0.3, (4,)),
    "beta": lambda key: jax.random.beta(key, 2.0, 3.0, (4,)),
    "binomial": lambda key: jax.random.binomial(key, 10.0, 0.4, (4,)),
    "bits": lambda key: jax.random.bits(key, (4,)),
    "categorical": lambda key: jax.random.categorical(key, jnp.zeros((4, 3))),
    "cauchy": lambda key: jax.random.cauchy(key, (4,)),
    "chisquare": lambda key: jax.random.chisquare(key, 3.0, (4,)),
    "choice": lambda key: jax.random.choice(key, 5, (4,)),
    "dirichlet": lambda key: jax.random.dirichlet(key, jnp.ones(3), (4,)),
    "double_sided_maxwell": lambda key: jax.random.double_sided_maxwell(key, 0.0, 1.0, (4,)),
    "exponential": lambda key: jax.random.exponential(key, (4,)),
    "f": lambda key: jax.random.f(key, 2.0, 3.0, (4,)),
    "gamma": lambda key: jax.random.gamma(key, 2.0, (4,)),
    "generalized_normal": lambda key: jax.random.generalized_normal(key, 2.0, (4,)),
    "geometric": lambda key: jax.random.geometric(key, 0.3, (4,)),
    "gumbel": lambda key: jax.random.gumbel(key, (4,)),
    "laplace": lambda key: jax.random.laplace(key, (4,)),
    "loggamma": lambda key: jax.random.loggamma(key, 2.0, (4,)),
    "logistic": lambda key: jax.random.logistic(key, (4,)),
    "lognormal": lambda key: jax.random.lognormal(key, 1.0, (4,)),
    "maxwell": lambda key: jax.random.maxwell(key, (4,)),
    "multinomial": lambda key: jax.random.multinomial(key, 10.0, jnp.ones(3) / 3),
    "multivariate_normal": lambda key: jax.random.multivariate_normal(key, jnp.zeros(2), SQUARE),
    "normal": lambda key: jax.random.normal(key, (4,)),
    "orthogonal": lambda key: jax.random.orthogonal(key, 3),
    "pareto": lambda key: jax.random.pareto(key, 2.0, (4,)),
    "permutation": lambda key: jax.random.permutation(key, 5),
    "poisson": lambda key: jax.random.poisson(key, 3.0, (4,)),
    "rademacher": lambda key: jax.random.rademacher(key, (4,)),
    "randint": lambda key: jax.random.randint(key, (4,), 0, 10),
    "rayleigh": lambda key: jax.random.rayleigh(key, 1.0, (4,)),
    "t": lambda key: jax.random.t(key, 3.0, (4,)),
    "triangular": lambda key: jax.random.triangular(key, 0.0, 0.5, 1.0, (4,)),
    "truncated_normal": lambda key: jax.random.truncated_normal(key, -1.0, 1.0, (4,)),
    "uniform": lambda key: jax.random.uniform(key, (4,)),
    "wald": lambda key: jax.random.wald(key, 1.0, (4,)),
    "weibull_min": lambda key: jax.random.weibull_min(key, 1.0, 2.0, (4,)),
}
IMPLEMENTATIONS = ("threefry2x32", "rbg", "unsafe_rbg")

# Not one jitted function, in some version of JAX: operations outside of those make the result.
MADE_OUTSIDE = {
    "ball",
    "beta",
    "binomial",
    "categorical",
    "generalized_normal",
    "lognormal",
    "multinomial",
    "orthogonal",
    "triangular",
}
# No rounding stands between the bits and the result, or only such that no program does otherwise.
EXACT = ("bernoulli", "bits", "choice", "normal", "permutation", "rademacher", "randint", "uniform")


def calls(plan: ks.Plan) -> dict[int, list[ks.Site]]:
    found: dict[int, list[ks.Site]] = {}
    for site in plan.draws:
        found.setdefault(site.draw, []).append(site)
    return found


def test_the_list_of_samplers_is_that_of_jax() -> None:
    public = {name for name in dir(jax.random) if not name.startswith("_")}
    assert public - NO_SAMPLERS == set(SAMPLERS)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_is_one_draw_of_its_own_name_and_key(name: str) -> None:
    sample, key = SAMPLERS[name], jax.random.key(7)
    plan = ks.plan(sample, key)
    found = calls(plan)
    assert len(found) == 1
    for site in plan.draws:
        assert site.distribution == name
        assert site.place is not None
        assert site.place.path.endswith("test_samplers.py")
        assert site.root == "input"
        assert not site.unseen
    keys = list(plan.keys(key).values())
    assert np.array_equal(keys[0], jax.random.key_data(key)) or len(keys) > 1


@pytest.mark.parametrize("name", EXACT)
def test_the_replay_of_a_sampler_is_what_it_draws_bit_for_bit(name: str) -> None:
    sample, key = SAMPLERS[name], jax.random.key(7)
    plan = ks.plan(sample, key)
    assert np.array_equal(plan.replay(plan.draws[0], key), jax.jit(sample)(key))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAMPLERS.keys() - MADE_OUTSIDE - set(EXACT)))
def test_the_replay_of_a_sampler_is_what_it_draws_up_to_the_rounding_of_another_program(
    name: str,
) -> None:
    sample, key = SAMPLERS[name], jax.random.key(7)
    plan = ks.plan(sample, key)
    assert np.allclose(plan.replay(plan.draws[0], key), jax.jit(sample)(key), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("name", ["normal", "bernoulli", "randint", "gamma", "permutation"])
def test_a_sampler_is_seen_with_every_implementation(name: str, implementation: str) -> None:
    key = jax.random.key(7, impl=implementation)
    plan = ks.plan(SAMPLERS[name], key)
    assert np.array_equal(next(iter(plan.keys(key).values())), jax.random.key_data(key))


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_is_seen_with_a_legacy_key(name: str) -> None:
    key = jax.random.PRNGKey(7)
    plan = ks.plan(SAMPLERS[name], key)
    assert len(calls(plan)) == 1
    assert plan.draws[0].root_detail == "key"


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_is_one_draw_inside_jit_and_under_vmap(name: str) -> None:
    keys = jax.random.split(jax.random.key(7), 3)
    plan = ks.plan(jax.jit(jax.vmap(SAMPLERS[name])), keys)
    assert len(calls(plan)) == 1
    for site in plan.draws:
        assert site.distribution == name
        assert site.lanes == (3,)
        assert "vmap_shared" not in site.flags
    if name not in ("binomial", "multinomial"):  # of their loops only lanes that ran have keys
        assert all(value.shape[0] == 3 for value in plan.keys(keys).values())


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_two_calls_of_a_sampler_on_one_line_are_two_draws(name: str) -> None:
    sample = SAMPLERS[name]
    plan = ks.plan(lambda keys: [sample(each) for each in keys], [jax.random.key(0)] * 2)
    assert len(calls(plan)) == 2
    same = ks.plan(lambda key: [sample(key) for _ in range(2)], jax.random.key(0))
    assert len(calls(same)) == 2


def test_raw_bits_of_lax_and_of_threefry_are_draws() -> None:
    from jax.extend.random import threefry_2x32

    words = jnp.arange(4, dtype=jnp.uint32)
    plan = ks.plan(lambda words: jax.lax.rng_bit_generator(words, (3,))[1], words)
    assert [site.distribution for site in plan.draws] == ["rng_bit_generator"]
    assert np.array_equal(next(iter(plan.keys(words).values())), words)
    plan = ks.plan(lambda pair: threefry_2x32(pair, words), words[:2])
    assert [site.distribution for site in plan.draws] == ["threefry2x32"]
    assert np.array_equal(next(iter(plan.keys(words[:2]).values())), words[:2])


def test_the_devices_own_generator_is_a_draw_without_a_key() -> None:
    plan = ks.plan(lambda low: jax.lax.rng_uniform(low, 1.0, (3,)), jnp.float32(0))
    (site,) = plan.draws
    assert site.unseen == "rng_uniform has no key"
    assert plan.keys(jnp.float32(0)) == {}
