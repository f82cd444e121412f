# about: shapes, jaxpr and lowering are looked at with the key before the one real run
import jax
import jax.numpy as jnp


def init(key):
    k1, k2 = jax.random.split(key)
    return {"w": jax.random.normal(k1, (4, 4)), "b": jax.random.normal(k2, (4,))}


def main():
    key = jax.random.key(22)
    shapes = jax.eval_shape(init, key)
    print(jax.tree.map(lambda s: s.shape, shapes))
    print(len(jax.make_jaxpr(init)(key).eqns))
    compiled = jax.jit(init).lower(key).compile()
    params = compiled(key)
    print(jnp.abs(params["w"]).sum())


if __name__ == "__main__":
    main()
