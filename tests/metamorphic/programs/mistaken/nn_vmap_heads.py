# about: heads made by nn.vmap have their own weights and share a mask
import flax.linen as nn
import jax
import jax.numpy as jnp


class Head(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(4)(x))  # or: KS305


class Heads(nn.Module):
    @nn.compact
    def __call__(self, x):
        heads = nn.vmap(  # or: KS305
            Head,
            in_axes=None,
            out_axes=0,
            axis_size=3,
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": False},  # expect: KS305
        )
        return heads()(x)  # or: KS305


def main():
    model, x = Heads(), jnp.ones((2, 4))
    params_key, init_key, root = jax.random.split(jax.random.key(87), 3)
    params = model.init({"params": params_key, "dropout": init_key}, x)
    for step in range(2):
        rngs = {"dropout": jax.random.fold_in(root, step)}
        y = model.apply(params, x, rngs=rngs)  # or: KS305
        print(y.shape)


if __name__ == "__main__":
    main()
