"""What a program's structure excuses, whatever its names, and beside each what only looks like it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import MCMC, NUTS


def f(w, k):
    return w + jax.random.normal(k, w.shape)


def g(w, k):
    return jax.random.normal(k, w.shape) + w


@jax.jit
def run(w, k, r):
    return w - r * jax.random.normal(k, w.shape)


# Both results compared with each other.


def equal_results(w, k):
    a = f(w, k)
    b = jax.jit(f)(w, k)
    np.testing.assert_allclose(a, b)


def equal_leaves(w, k):
    a = f(w, k)
    b = f(w, k)
    return jax.tree.map(lambda one, other: (one == other).all(), a, b)


def difference_at_two_points(w, k):
    return f(w + 0.1, k) - f(w - 0.1, k)  # note: KS101


def each_is_compared_with_something_else(w, k, y):
    a = f(w, k)
    b = f(w + 1, k)  # KS101
    return (a == y).mean(), (b == y).mean()


def another_comparison_in_the_statement(w, k, y):
    a = f(w, k)
    b = f(w, k) if y == 1 else None  # KS101
    return a, b


def difference_of_two_draws(k):
    return jax.random.normal(k) - jax.random.normal(k)  # KS101


# One of the two is unused.


def compiled_first(w, k):
    run(w, k, 0.1).block_until_ready()
    return run(w, k, 0.1)


def done_beside(w, k):
    x = jax.random.normal(k)
    f(x, k)  # KS101


def done_twice(w, k):
    f(w, k)
    f(w + 1, k)  # KS101


def never_read(w, k):
    unused = f(w, k)
    return f(w, k)


def printed_first(w, k):
    print(f(w, k))
    return f(w, k)  # KS101


# Alternatives.


def chosen(k, p):
    return jnp.where(p, jax.random.normal(k), jax.random.uniform(k))


def chosen_by_name(k, p):
    a = jax.random.normal(k)
    b = jax.random.uniform(k)
    return jax.lax.select(p, a, b)


def chosen_and_used_beside(k, p):
    a = jax.random.normal(k)
    b = jax.random.uniform(k)  # KS101
    return jax.lax.select(p, a, b) + a


def condition_and_value(k):
    a = jax.random.normal(k)
    return jnp.where(jax.random.bernoulli(k), a, 0.0)  # KS101


# One joint shuffle.


def leaves_together(k, batch):
    return jax.tree.map(lambda x: jax.random.permutation(k, x), batch)


def arrays_together(k, x, y):
    return jax.random.permutation(k, x), jax.random.permutation(k, y)


def noise_for_all_leaves(k, batch):
    return jax.tree.map(lambda x: x + jax.random.normal(k, x.shape), batch)  # KS101


def two_orders(k):
    return jax.random.permutation(k, 8), jax.random.permutation(k, 8)  # KS101


# One fixed key for what the loop trains.


def followed(w, k):
    k, fixed = jax.random.split(k)
    for i in range(8):
        w = run(w, jax.random.fold_in(k, i), 0.1)
        print(f(w, fixed).mean())  # note: KS201
    return w


def followed_over_data(w, k, xs):
    k, fixed = jax.random.split(k)
    for x in xs:
        k, sub = jax.random.split(k)
        w = run(w, sub, 0.1)
        print(f(w + x, fixed))  # KS201
    return w


def fed_back(w, k):
    for _ in range(8):
        w = run(w, k, 0.1)  # KS201
    return w


def fed_back_through_a_list(k):
    tokens = [jnp.zeros(3)]
    for _ in range(8):
        tokens.append(f(tokens[-1], k))  # KS201
    return tokens


# Sweeps.


def settings(w, k):
    found = []
    for r in (0.1, 0.01):
        found.append(run(w, k, r))  # note: KS201
    return found


def settings_that_are_not_handed_on(w, k):
    found = []
    for _ in (0.1, 0.01):
        found.append(run(w, k, 0.5))  # KS201
    return found


def settings_of_one_run(w, k):
    for r in (0.1, 0.01):
        w = run(w, k, r)  # KS201
    return w


def matrix(k, n):
    return jax.random.normal(k, (n,))


def sizes_of_layers(k):
    return [matrix(k, n) for n in (8, 16)]  # KS201


# What a gradient of one's own remembers.


@jax.custom_vjp
def dropped(x, key):
    return x * jax.random.bernoulli(key, 0.5, x.shape)


def forwards(x, key):
    return dropped(x, key), key


def backwards(key, g):
    return g * jax.random.bernoulli(key, 0.5, g.shape), None


dropped.defvjp(forwards, backwards)


def not_remembered(x, key):
    return dropped(x, key), key  # KS101


# Arrays beside each other, and what trains with what it draws.


def shuffled(key, *arrays):
    return [jax.random.permutation(key, array) for array in arrays]


def shuffled_batches(key, loader):
    out = []
    for batch in loader:
        out.append(jax.random.permutation(key, batch))  # KS203
    return out


def drawn_from(w, key):
    return w + jax.random.normal(key)


def trained_with_what_it_draws(w, b, key, fit):
    for x in range(3):
        b = b + x
        w = fit(w, drawn_from(b, key))  # KS201
    return w


# Parts of two results, compared element by element.


def traced(key, x):
    return x, {"w": x + jax.random.normal(key, x.shape)}


def compared_by_elements(key, x):
    _, first = traced(key, x)
    _, second = traced(key, x)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def one_element_of_each_with_a_third(key, x, y):
    _, first = traced(key, x)
    _, second = traced(key, x)  # KS101
    np.testing.assert_array_equal(first["w"], y)
    return first, second


def compared_with_a_common_third(w, k):
    slow = g(w, k)
    fast = jax.jit(f)(w, jax.random.clone(k))
    np.testing.assert_allclose(slow, fast)
    again = jax.jit(f)(w, k)
    assert (again == fast).all()


def compared_with_labels_of_another_call(w, k, x):
    y = labels(x)
    a = f(w, k)
    b = f(w + 1, k)  # KS101
    return (a == y).mean(), (b == y).mean()


# Drawn once and kept; compared with each other in a tuple, as runs of a model, after an evaluation.


@functools.lru_cache(maxsize=None)
def projection(width):
    return jax.random.normal(jax.random.key(5), (width,))


def projected(x, y):
    return x @ projection(3), y @ projection(3)


def in_a_tuple(w, k):
    one, other = f(w, k), f(w + 0.1, k)  # note: KS101
    return one - other


class Fit:
    def robust(self):
        return (f(self.w, jax.random.key(9)) > 0).mean()

    def run(self, steps):
        while self.step < steps:
            self.key, sub = jax.random.split(self.key)
            self.w = f(self.w, sub)
            self.step += 1
            print(self.robust())  # note: KS106


# Runs at two points that are compared, one transformation of two arrays; and what training descends.


def trained(w, k):
    for _ in range(3):
        k, drop = jax.random.split(k)
        w = w - f(w, drop)
    return w


def compared_at_the_end(w, k, data):
    one = trained(w, k)
    two = trained(w + 1, k)  # note: KS101
    loss_one, loss_two = measure(one, data), measure(two, data)
    return loss_one - loss_two


def measure(w, data):
    return (w * data).mean()


def turned(k, image):
    return jnp.where(jax.random.bernoulli(k, 0.5), image[::-1], image)


def turned_alike(k, image, mask):
    return turned(k, image), turned(k, mask)  # note: KS101


def noisy(k, image):
    return image + jax.random.normal(k, image.shape)


def noisy_alike(k, image, mask):
    return noisy(k, image), noisy(k, mask)  # KS101


def descended(w, k, real, fake):
    def critics(w):
        return f(w * real, k) - f(w * fake, k)  # KS101

    return jax.grad(critics)(w)


def cropped(k, image):
    top, left = jax.random.randint(k, (2,), 0, 5)
    return jax.lax.dynamic_slice(image, (top, left), (8, 8))


def views_cropped_alike(k, views):
    out = {}
    for name, view in views.items():
        out[name] = cropped(k, view)  # note: KS201
    return out


def views_cropped_in_a_record(k, now, later):
    crop = functools.partial(cropped, k)
    return Pair(now=crop(now), later=crop(later))  # note: KS101


def views_made_noisy_alike(k, views):
    out = {}
    for name, view in views.items():
        out[name] = noisy(k, view)  # KS201
    return out


def two_inferences(k, x):
    centred = MCMC(NUTS(model), num_warmup=2, num_samples=2)
    centred.run(k, x)
    other = MCMC(NUTS(other_model), num_warmup=2, num_samples=2)
    other.run(k, x)  # note: KS101
    return centred, other


def slopes_on_equal_draws(w, k):
    found = []
    for i in range(3):
        e = jnp.zeros(3).at[i].set(0.1)
        found.append(trained(w + e, k) - trained(w - e, k))  # note: KS101
    return found


def printed_beside(w, k, data):
    for _ in range(3):
        k, sub = jax.random.split(k)
        w = w - trained(w, sub)
        print(trained(w, sub))  # note: KS101
    return w


def both_are_kept(w, k):
    one = trained(w, k)
    two = trained(w, k)  # KS101
    return one + two


def best_of_candidates(candidates, k):
    scores = []
    for w in candidates:
        scores.append(trained(w, k))  # note: KS201
    return candidates[int(np.argmax(scores))]


def best_by_name(candidates, k):
    scores = {}
    for name, w in candidates.items():
        scores[name] = trained(w, k)  # note: KS201
    return max(scores, key=scores.get)


def mean_of_candidates(candidates, k):
    scores = []
    for w in candidates:
        scores.append(trained(w, k))  # KS201
    return sum(scores)
