# about: seeds that differ by 2**32 are one key
import jax

BASE = 2**32


def make_keys(run):
    return jax.random.key(run * BASE + 7)  # expect: KS109|KS106|KS201


def main():
    for run in range(3):  # or: KS109|KS106|KS201
        key = make_keys(run)  # or: KS109|KS106|KS201
        w = jax.random.normal(key, (4,))  # or: KS109|KS106|KS201
        print(run, w)


if __name__ == "__main__":
    main()
