# about: keys are folded from the root by the step, so a restart goes on
import jax
import jax.numpy as jnp


@jax.jit
def update(w, key):
    return 0.9 * w + 0.1 * jax.random.normal(key, w.shape)


def train(checkpoint, until, seed=0):
    root = jax.random.key(seed)
    w = checkpoint["w"]
    for step in range(checkpoint["step"], until):
        w = update(w, jax.random.fold_in(root, step))
    return {"w": w, "step": until}


def main():
    checkpoint = train({"w": jnp.zeros(3), "step": 0}, 3)
    checkpoint = train(checkpoint, 6)
    print(checkpoint)


if __name__ == "__main__":
    main()
