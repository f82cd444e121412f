# about: a recursion hands the key on as it got it, so each level adds the same displacement
import jax
import jax.numpy as jnp


def displaced(points, key, depth):
    if depth == 0:
        return points
    middles = (points[1:] + points[:-1]) / 2
    middles = middles + 0.5**depth * jax.random.normal(key, middles.shape)  # expect: KS101|KS201
    finer = jnp.stack([points[:-1], middles], axis=1).reshape(-1)
    return displaced(jnp.append(finer, points[-1]), key, depth - 1)  # or: KS101|KS201


def main():
    print(displaced(jnp.zeros(2), jax.random.key(31), 4))


main()
