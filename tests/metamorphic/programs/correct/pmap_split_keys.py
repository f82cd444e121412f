# about: pmap gets a key for each device
import jax
import jax.numpy as jnp

jax.config.update("jax_num_cpu_devices", 4)


def update(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)
    grads = jax.lax.pmean(jnp.where(keep, x, 0.0).mean(0) - w, "devices")
    return w + 0.1 * grads


def main():
    p_update = jax.pmap(update, axis_name="devices")
    key = jax.random.key(1)
    w, x = jnp.zeros((4, 3)), jnp.ones((4, 5, 3))
    for _ in range(3):
        key, sub = jax.random.split(key)
        w = p_update(w, x, jax.random.split(sub, 4))
    print(w[0])


if __name__ == "__main__":
    main()
