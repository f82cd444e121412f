# about: the arms of a run are chosen by a comparison of texts; the key of the step never changes
import jax
import jax.numpy as jnp


class Runner:
    def __init__(self, seed):
        self.key = jax.random.key(seed)
        self.w = jnp.zeros(4)
        self._step = jax.jit(self._update)

    def _update(self, w, key, scale):
        return w + scale * jax.random.normal(key, w.shape)  # or: KS201|KS203

    def run(self, name):
        scale = 1.0 if name == "a" else 0.5
        for _ in range(4):  # or: KS201|KS203
            self.w = self._step(self.w, self.key, scale)  # expect: KS201|KS203
        return self.w


def main():
    mode = "train"
    runner = Runner(11)
    w = runner.run("a" if mode == "train" else "b")
    print(w)


if __name__ == "__main__":
    main()
