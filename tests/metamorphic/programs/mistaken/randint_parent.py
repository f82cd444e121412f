# about: randint splits inside, so a parent that is drawn from meets the children of its own split
import jax
import jax.numpy as jnp


def sample_batch(key, data):
    index = jax.random.randint(key, (8,), 0, len(data))  # expect: KS102
    noise_key, mask_key = jax.random.split(key)  # or: KS102
    batch = data[index] + 0.1 * jax.random.normal(noise_key, (8, data.shape[1]))
    return batch * jax.random.bernoulli(mask_key, 0.9, batch.shape)


def main():
    data = jnp.arange(80.0).reshape(20, 4)
    key = jax.random.key(8)
    for step in range(3):
        batch = sample_batch(jax.random.fold_in(key, step), data)
        print(batch.mean())


if __name__ == "__main__":
    main()
