# about: an ensemble whose members have keys of their own
import jax
import jax.numpy as jnp


def init_member(key):
    w_key, b_key = jax.random.split(key)
    return {"w": jax.random.normal(w_key, (3, 2)), "b": jax.random.normal(b_key, (2,))}


def predict(params, x, key):
    keep = jax.random.bernoulli(key, 0.9, x.shape)
    return jnp.where(keep, x, 0.0) @ params["w"] + params["b"]


def main():
    init_key, key = jax.random.split(jax.random.key(4))
    ensemble = jax.vmap(init_member)(jax.random.split(init_key, 5))
    x = jnp.ones((2, 3))
    for _ in range(3):
        key, sub = jax.random.split(key)
        y = jax.vmap(predict, in_axes=(0, None, 0))(ensemble, x, jax.random.split(sub, 5))
        print(y.std(0).mean())


if __name__ == "__main__":
    main()
