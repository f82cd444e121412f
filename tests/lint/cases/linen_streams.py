"""Streams of Linen: missing, misspelt, shared, under the wrong keyword."""

import flax.linen as nn
import jax


class Net(nn.Module):
    rate: float = 0.5

    @nn.compact
    def __call__(self, x, train: bool = True):
        x = nn.Dense(8)(x)
        return nn.Dropout(self.rate, deterministic=not train)(x)


class Noisy(nn.Module):
    @nn.compact
    def __call__(self, x):
        noise = jax.random.normal(self.make_rng("noise"), x.shape)
        return nn.Dropout(0.5, deterministic=False)(x + noise)


model = Net()


def single_key(key, x):
    return model.init(key, x)  # KS404


def params_only(key, x):
    return model.init({"params": key}, x)  # KS401


def without_streams(variables, x):
    return model.apply(variables, x)  # KS405


def misspelt(variables, x, key):
    return model.apply(variables, x, rngs={"droput": key})  # KS407


def served_from_params(variables, x, key):
    return model.apply(variables, x, rngs={"params": key})  # KS401


def wrong_keyword(variables, x, key):
    return model.apply(variables, x, rng={"dropout": key})  # KS406


class Masked(nn.Module):
    @nn.compact
    def __call__(self, x):
        keep = jax.random.bernoulli(self.make_rng("dropout"), 0.5, x.shape)
        return keep * x + jax.random.normal(self.make_rng("noise"), x.shape)


def one_key_for_two(variables, x, key):
    return Masked().apply(variables, x, rngs={"noise": key, "dropout": key})  # KS403


def drawn_in_different_modules(variables, x, key):
    return Noisy().apply(variables, x, rngs={"noise": key, "dropout": key})  # KS403


def one_key_for_two_of_an_unknown_model(state, x, key):
    return state.apply_fn(state.params, x, rngs={"noise": key, "dropout": key})  # KS403


left, right, target = Masked(), Masked(), Masked()


def two_models_of_one_class(variables, x, key):
    rngs = {"noise": key, "dropout": jax.random.fold_in(key, 1)}
    return left.apply(variables, x, rngs=rngs) - right.apply(variables, x, rngs=rngs)  # KS101


def model_and_its_target(variables, x, key):
    rngs = {"noise": key, "dropout": jax.random.fold_in(key, 1)}
    return left.apply(variables, x, rngs=rngs) - target.apply(variables, x, rngs=rngs)  # KS101


def noise_missing(variables, x, key):
    return Noisy().apply(variables, x, rngs={"dropout": key})  # KS405


def bare_layer(x):
    return nn.Dropout(0.5, deterministic=False).apply({}, x)  # KS405


# Near misses.


def layer_with_its_own_key(x, key):
    return nn.Dropout(0.5, deterministic=False).apply({}, x, rng=key)


def single_key_in_evaluation(key, x):
    return model.init(key, x, train=False)


def named(key, x):
    params_key, dropout_key = jax.random.split(key)
    return model.init({"params": params_key, "dropout": dropout_key}, x)


def evaluation(variables, x):
    return model.apply(variables, x, train=False)


def served(variables, x, key):
    return model.apply(variables, x, rngs={"dropout": key})


def rate_zero(variables, x):
    return Net(rate=0.0).apply(variables, x)


def both(variables, x, key):
    noise_key, dropout_key = jax.random.split(key)
    return Noisy().apply(variables, x, rngs={"noise": noise_key, "dropout": dropout_key})


# Not seen: which streams are given is not known.


def forwarded(variables, x, **keywords):
    return model.apply(variables, x, **keywords)
