# about: all resamples of a bootstrap are equal
import jax
import jax.numpy as jnp


def resample(key, data):
    return data[jax.random.choice(key, len(data), (len(data),))].mean()  # or: KS203|KS201|KS101


def bootstrap(key, data, n):
    return jnp.stack([resample(key, data) for _ in range(n)])  # expect: KS203|KS201|KS101


def main():
    data_key, key = jax.random.split(jax.random.key(85))
    data = jax.random.exponential(data_key, (40,))
    means = bootstrap(key, data, 5)  # or: KS203|KS201|KS101
    print(f"mean {means.mean():.3f} +- {means.std():.3f}")


if __name__ == "__main__":
    main()
