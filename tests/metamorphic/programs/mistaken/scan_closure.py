# about: the body of a scan draws from a key that it closes over
import jax
import jax.numpy as jnp


def langevin(key, x0, steps, size=0.1):
    def body(x, _):
        noise = jax.random.normal(key, x.shape)  # expect: KS203
        x = x - size * x + (2 * size) ** 0.5 * noise
        return x, x

    return jax.lax.scan(body, x0, None, length=steps)  # or: KS203


final, path = langevin(jax.random.key(18), jnp.ones(3), 20)  # or: KS203
print(final, path.std(0))
