# about: a scan closes over its key, and a fold meets a split
import jax
import jax.numpy as jnp


def walk(key, x):
    def body(x, _):
        return x + jax.random.normal(key, x.shape), None  # expect: KS203

    return jax.lax.scan(body, x, None, length=6)[0]  # or: KS203


root = jax.random.key(2)
start_key, walk_key = jax.random.split(root)  # or: KS103
x = jax.random.uniform(start_key, (3,))  # or: KS103
x = walk(walk_key, x)  # or: KS203
x = x + jax.random.uniform(jax.random.fold_in(root, 0), (3,))  # expect: KS103
print(x)
