# about: one key of Haiku serves two dropouts
import haiku as hk
import jax
import jax.numpy as jnp


def forward(x):
    rng = hk.next_rng_key()
    h = hk.dropout(rng, 0.5, jax.nn.relu(hk.Linear(8)(x)))  # or: KS101
    h = hk.dropout(rng, 0.5, jax.nn.relu(hk.Linear(8)(h)))  # expect: KS101
    return hk.Linear(1)(h)


def main():
    model = hk.transform(forward)
    init_rng, root = jax.random.split(jax.random.key(90))
    x = jnp.ones((4, 3))
    params = model.init(init_rng, x)  # or: KS101
    apply = jax.jit(model.apply)
    for step in range(2):
        print(apply(params, jax.random.fold_in(root, step), x).mean())  # or: KS101


if __name__ == "__main__":
    main()
