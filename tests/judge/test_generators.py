"""Generators of NumPy and Python that begin at one seed again, by ways that no source shows."""

import pytest
from audited import audit, codes, sum_of

HEAD = """
import dataclasses, functools, json, queue, random, threading
import jax, jax.numpy as jnp, numpy as np

@jax.jit
def step(w, batch):
    return w - 0.1 * jax.grad(lambda w: jnp.mean((batch @ w) ** 2))(w)

ROWS = np.asarray(jax.random.normal(jax.random.key(0), (16, 2)))
MADE = {}

def named(cls):
    MADE[cls.__name__.lower()] = cls
    return cls
"""

AGAIN = {
    "a sampler that a table names": """
        @named
        class Uniform:
            def __init__(self, **options):
                vars(self).update(options)
            def indices(self, size):
                rng = np.random.default_rng(self.seed)  # here
                return rng.choice(len(ROWS), size, replace=False)
        class Learner:
            def __init__(self, sampler):
                self.w, self.sampler = jnp.ones(2), sampler
            def improve(self):
                self.w = step(self.w, ROWS[self.sampler.indices(4)])
        learner = Learner(MADE["uniform"](**json.loads('{"seed": 3}')))
        for _ in range(4):
            learner.improve()
        """,
    "a corruption that is one of a list": """
        def corruption(kind, seed):
            def mask(x):
                return x * (np.random.default_rng(seed).random(x.shape) > 0.3)  # here
            return {"mask": mask}[kind]
        changes, w = [corruption("mask", 5)], jnp.ones(2)
        for start in range(0, 16, 4):
            batch = ROWS[start : start + 4]
            for change in changes:
                batch = change(batch)
            w = step(w, batch)
        """,
    "a decorator that seeds each epoch": """
        def repeatable(seed):
            def decorate(run):
                @functools.wraps(run)
                def seeded(*args):
                    np.random.seed(seed)  # here
                    return run(*args)
                return seeded
            return decorate
        class Trainer:
            w = jnp.ones(2)
            @repeatable(11)
            def epoch(self):
                for n in np.random.permutation(len(ROWS)):
                    self.w = step(self.w, ROWS[n : n + 1])
        trainer = Trainer()
        for _ in range(3):
            trainer.epoch()
        """,
    "a thread that fills the queue of each epoch": """
        class Prefetched:
            def __init__(self, seed=0):
                self.seed = seed
            def _fill(self, batches):
                order = np.random.RandomState(self.seed).permutation(len(ROWS))  # here
                for start in range(0, len(order), 4):
                    batches.put(ROWS[order[start : start + 4]])
                batches.put(None)
            def __iter__(self):
                batches = queue.Queue(2)
                threading.Thread(target=self._fill, args=(batches,)).start()
                while (batch := batches.get()) is not None:
                    yield batch
        w, loader = jnp.ones(2), Prefetched()
        for _ in range(3):
            for batch in loader:
                w = step(w, batch)
        """,
    "an object of Python's own": """
        class Pool:
            pick = None
            def __getattr__(self, name):
                return functools.partial(random.Random(13).sample, range(16))  # here
        pool, w = Pool(), jnp.ones(2)
        for _ in range(3):
            w = step(w, ROWS[np.array(pool.drawn(4))])
        """,
    "a second epoch, written out": """
        def epoch(w, *, order=lambda: np.random.Generator(np.random.PCG64(2))):  # here
            for n in order().permutation(16):
                w = step(w, ROWS[n : n + 1])
            return w
        w = epoch(jnp.ones(2))
        w = epoch(w)
        """,
}

APART = {
    "what is looked at after each epoch": """
        class Task:
            def __init__(self, seed):
                self.seed = seed
            def reset(self):
                self.rng = np.random.default_rng(self.seed)
                return self.rng.normal(size=2)
        class Judge:
            def score(self, w):
                return sum(float(MADE["task"](seed).reset() @ w) for seed in range(3))
        named(Task)
        w, rng, history = jnp.ones(2), np.random.default_rng(1), []
        for _ in range(3):
            w = step(w, ROWS[rng.choice(16, 4)])
            history.append(Judge().score(w))
        """,
    "a hook that looks": """
        class Noisy:
            def __call__(self, trainer):
                x = ROWS + np.random.default_rng(7).normal(size=ROWS.shape)
                print(float(jnp.mean((x @ trainer.w) ** 2)))
        class Trainer:
            def __init__(self, hooks):
                self.w, self.hooks = jnp.ones(2), hooks
            def fit(self, rng):
                for _ in range(3):
                    self.w = step(self.w, ROWS[rng.choice(16, 4)])
                    for hook in self.hooks:
                        hook(self)
        Trainer([MADE[name]() for name in [named(Noisy).__name__.lower()]]).fit(np.random.default_rng(0))
        """,
    "runs of several settings": """
        @named
        class Experiment:
            def __init__(self, rate):
                self.rate = rate
            def run(self):
                rng, w = np.random.default_rng(1), jnp.zeros(2)
                for _ in range(3):
                    w = w - self.rate * step(w, ROWS[rng.integers(0, 16, 4)])
                return float(w.sum())
        print([MADE["experiment"](rate).run() for rate in (0.1, 0.01)])
        """,
    "a seed for each epoch": """
        class Order:
            epoch = 0
            def __iter__(self):
                self.epoch += 1
                yield from np.random.default_rng((5, self.epoch)).permutation(16)
        w, order = jnp.ones(2), Order()
        for _ in range(3):
            for n in order:
                w = step(w, ROWS[n : n + 1])
        """,
    "a run that is held against itself": """
        def run(make):
            rng, w = make(3), jnp.ones(2)
            for _ in range(2):
                w = step(w, ROWS[rng.choice(16, 4)])
            return w
        first, second = run(np.random.RandomState), run(np.random.RandomState)
        assert (first == second).all()
        """,
    "rows that a number defines": """
        class Synthetic:
            def __getitem__(self, n):
                return np.random.default_rng(n).normal(size=2)
        data, w = Synthetic(), jnp.ones(2)
        for _ in range(2):
            w = step(w, np.stack([data[n] for n in range(4)]))
        """,
    "one generator for all": """
        def numbers(seed):
            rng = random.Random(seed)
            while True:
                yield rng.sample(range(16), 4)
        w, source = jnp.ones(2), numbers(4)
        for _ in range(3):
            w = step(w, ROWS[np.array(next(source))])
        """,
    "a seed that two lines share": """
        data, w = np.random.default_rng(0).normal(size=(4, 2)), np.random.default_rng(0).normal(size=2)
        w = step(jnp.array(w), data)
        w = step(w, np.random.default_rng(0).normal(size=(4, 2)))
        """,
    "rows that stay together": """
        def shuffled(*arrays, seed):
            for each in arrays:
                np.random.seed(seed)
                np.random.shuffle(each)
        x, y, w = ROWS.copy(), ROWS.copy(), jnp.ones(2)
        for epoch in range(3):
            shuffled(x, y, seed=epoch)
            w = step(w, x[:4] + y[:4])
        """,
}


def program(body):
    import textwrap

    return HEAD + textwrap.dedent(body)


def balances(report):
    accounts = report.summary.get("generators", report.summary["accounts"])
    return sum_of(accounts) == accounts["draws"] and not accounts["unexplained"]


@pytest.mark.parametrize("name", AGAIN)
def test_a_generator_that_begins_again_is_named(tmp_path, name):
    text = program(AGAIN[name])
    report = audit(tmp_path, text)
    assert codes(report) == ["KS504"]
    lines = text.lstrip("\n").splitlines()
    (found,) = (each for each in report.findings if each.code == "KS504")
    assert lines[found.locations[0].line - 1].endswith("# here")
    assert balances(report)


@pytest.mark.parametrize("name", APART)
def test_what_shall_begin_alike_is_no_mistake(tmp_path, name):
    report = audit(tmp_path, program(APART[name]))
    assert codes(report) == []
    assert balances(report)
