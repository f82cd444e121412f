# about: each batch of samples for a metric of the model is drawn with the one key of the evaluation
import functools

import jax
import jax.numpy as jnp


@jax.jit
def train_step(w, x, key):
    noisy = x + 0.1 * jax.random.normal(key, x.shape)
    return w - 0.1 * jax.grad(lambda w: ((noisy - w) ** 2).mean())(w)


@functools.partial(jax.jit, static_argnames="count")
def sample(w, key, count):
    return w + jax.random.normal(key, (count, w.shape[0]))  # expect: KS201


class Evaluator:
    def __init__(self, key, batches):
        self.draw = functools.partial(sample, key=key, count=8)
        self.batches = batches

    def collected(self, w):
        parts = []
        for _ in range(self.batches):
            parts.append(self.draw(w))  # or: KS201
        return jnp.concatenate(parts)

    def __call__(self, w):
        return self.collected(w).mean(0)


def main():
    data_key, eval_key, key = jax.random.split(jax.random.key(43), 3)
    x, w = jax.random.normal(data_key, (16, 3)), jnp.zeros(3)
    evaluator = Evaluator(eval_key, batches=4)
    for _ in range(3):
        key, step_key = jax.random.split(key)
        w = train_step(w, x, step_key)
        print(evaluator(w))


main()
