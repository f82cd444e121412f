"""Functions and models that source does not show: what they are given tells, and what is left unread."""

import functools
import threading
from typing import NamedTuple

import jax
import jax.numpy as jnp


# Given in each turn of a loop.


def stepped(env, state, key):
    key, reset_key = jax.random.split(key)
    state = env.reset(reset_key)
    for _ in range(8):
        state = env.step(key, state)  # KS201
    return state


def stepped_with_keys_of_their_own(env, state, key):
    for _ in range(8):
        key, sub = jax.random.split(key)
        state = env.step(sub, state)
    return state


def kept_in_each_turn(log, key):
    sub = jax.random.fold_in(key, 1)
    for _ in range(8):
        log.append(sub)
    return log


def seeded_in_each_turn(env, state):
    for _ in range(8):
        state = env.step(jax.random.key(0), state)  # KS106
    return state


def followed(env, w, train, key):
    key, fixed = jax.random.split(key)
    for i in range(8):
        w = train(w, jax.random.fold_in(key, i))
        print(env.evaluate(w, fixed))  # note: KS201
    return w


# Given twice.


def given_twice(env, model, key):
    a, b = jax.random.split(key)
    state = env.reset(a)
    params = model.make(a)  # KS101
    return state, params, env.step(b, state)


def given_after_the_split(env, key):
    a, b = jax.random.split(key)
    state = env.reset(key)  # KS102
    return env.step(a, state), env.step(b, state)


def drawn_and_given(env, key):
    sub = jax.random.fold_in(key, 0)
    x = jax.random.normal(sub, (3,))
    return env.step(sub, x)  # KS101


def given_on_either_branch(env, key, x):
    sub = jax.random.fold_in(key, 0)
    if x is not None:
        return env.step(sub, x)
    return env.reset(sub)


def compared(env, key):
    sub = jax.random.fold_in(key, 0)
    a = env.reset(sub)
    b = jax.jit(env.reset)(sub)
    return jnp.allclose(a, b)


# A child that nothing reads.


def sibling_in_its_place(env, key):
    a, b = jax.random.split(key)  # KS107
    state = env.reset(a)
    return env.step(a, state)


def parent_in_its_place(env, rng):
    a, b = jax.random.split(rng)  # KS107
    return env.step(a, env.reset(rng))


def not_wanted(env, key):
    _, a = jax.random.split(key)
    return env.reset(a)


def last_of_a_chain(env, key):
    key, a = jax.random.split(key)
    return env.reset(a)


# Shared by a batch, as `in_axes` says.


def shared_by_the_batch(env, states, key):
    key, sub = jax.random.split(key)
    return jax.vmap(env.step, in_axes=(None, 0))(sub, states)  # KS303


class Policy:
    @functools.partial(jax.vmap, in_axes=(None, 0, 0))
    def act(self, x, key):
        return x + jax.random.normal(key, x.shape)

    @functools.partial(jax.vmap, in_axes=(None, 0, None))
    def act_alike(self, x, key):
        return x + jax.random.normal(key, x.shape)


def acts(x, key):
    policy = Policy()
    keys = jax.random.split(key, len(x))
    return policy.act(x, keys)


def acts_alike(x, key):
    return Policy().act_alike(x, key)  # KS303


# Models that are not known.


def without_streams(state, batch, key):
    dropout_key = jax.random.fold_in(key, state.step)

    def loss(params):
        return state.apply_fn(params, batch, train=True).mean()  # KS405

    return jax.grad(loss)(state.params)


def without_streams_by_its_flag(model, params, batch):
    return model.apply(params, batch, deterministic=False)  # KS405


def without_streams_in_evaluation(model, params, batch):
    return model.apply(params, batch, deterministic=True)


def with_streams(state, batch, key):
    dropout_key = jax.random.fold_in(key, state.step)

    def loss(params):
        return state.apply_fn(params, batch, rngs={"dropout": dropout_key}).mean()

    return jax.grad(loss)(state.params)


def switched_off_under_a_gradient(model, params, batch, key):
    def loss(params):
        rngs = {"dropout": key}
        return model.apply(params, batch, deterministic=True, rngs=rngs).mean()  # KS602

    return jax.grad(loss)(params)


def inverted(block, x, train):
    return block(x, deterministic=train)  # KS602


def inverted_in_training(block, x, deterministic):
    return block(x, train=deterministic)  # KS602


def wired(block, x, train):
    return block(x, deterministic=not train)


# What follows a branch that returns.


def matched(key, kind):
    match kind:
        case "normal":
            return jax.random.normal(key)
        case "uniform":
            return jax.random.uniform(key)
    return jax.random.gumbel(key)


def matched_and_come_back(key, kind):
    match kind:
        case "normal":
            x = jax.random.normal(key)
        case _:
            return 0.0
    return x + jax.random.gumbel(key)  # KS101


def tried(key, x):
    try:
        return jax.random.normal(key, x)
    except TypeError:
        pass
    return jax.random.uniform(key)


# A key that is given is not None.


def guarded(x, key=None):
    if key is None:
        return x + jax.random.normal(jax.random.key(0), x.shape)
    return x + jax.random.normal(key, x.shape)


def guards(x, key):
    a, b = jax.random.split(key)
    return guarded(x, a) + guarded(x, b)


# A key that leaves, and was used.


def leaves_in_a_state(policy, State, state):
    key, sub = jax.random.split(state.rng)  # KS107
    return State(policy(key, state.x), key)


def leaves_in_a_tuple(key, x):
    key, sub = jax.random.split(key)
    y = x + jax.random.normal(key, x.shape)
    z = y * jax.random.normal(sub, x.shape)
    return z, key  # KS101


def leaves_unused(policy, State, state):
    key, sub = jax.random.split(state.rng)
    return State(policy(sub, state.x), key)


def named_like_a_key(env, states, rng):
    for state in states:
        env.step(rng, state)  # KS201


def annotated_as_a_key(env, states, r: "jax.random.PRNGKeyArray"):
    for state in states:
        env.step(r, state)  # KS201


def neither(env, states, r):
    for state in states:
        env.step(r, state)


def misspelt_where_it_is_made(decoder, x, key):
    a, b = jax.random.split(key)
    rngs = {"params": a, "droput": b}  # KS407
    return decoder(x, rngs)


def noise(k, x):
    return x + jax.random.normal(k, x.shape)


def leaves_after_a_draw_in_a_callee(State, state, key):
    return State(noise(key, state.x), key)  # KS101


def unpacked_from_a_state(sample, act, state):
    buffer, key = state
    x = sample(buffer, key)
    return act(x, key)  # KS101


def unpacked_under_another_name(sample, act, state):
    buffer, size = state
    x = sample(buffer, size)
    return act(x, size)


def looked_at(is_key, env, rng):
    if not is_key(rng):
        raise TypeError
    return env.step(rng)


def a_key_of_a_dictionary(log, key: str, values):
    for value in values:
        log.write_line(key, value)


def streams_that_advance(layers, x, rngs):
    for layer in layers:
        x = layer(x, rngs=rngs)
    return x


def unread_because_an_interface_asks_for_it(model, params, rng_key, x):
    return model.apply(params, x)


def zeros_of_a_cell(cell, x, k):
    a, b = jax.random.split(k)
    first = cell.initialize_carry(a, x.shape)
    return first, cell.initialize_carry(a, x.shape), jax.random.normal(b)


# A key that leaves in what a function makes.


class Carried(NamedTuple):
    x: jax.Array
    rng: jax.Array


def leaves_in_a_record(policy, state):
    rng, sub = jax.random.split(state.rng)  # KS107
    return policy(rng, state.x), Carried(state.x, rng)


def leaves_in_a_record_unused(policy, state):
    rng, sub = jax.random.split(state.rng)
    return policy(sub, state.x), Carried(state.x, rng)


def leaves_in_a_nested_tuple(step, state, xs):
    def body(carry, x):
        state, k = carry
        k, next_key = jax.random.split(k)  # KS107
        return (step(k, state, x), k), None

    return jax.lax.scan(body, (state, jax.random.key(0)), xs)


def leaves_as_it_came(env, key):
    state = env.reset(key)
    return state, key  # KS101


def leaves_as_it_came_unused(env, key):
    state = env.reset(jax.random.fold_in(key, 1))
    return state, key


def leaves_from_a_function_that_is_called(env, states, key):
    def reset(key):
        return Carried(env.reset(key), key)  # KS101

    return jax.vmap(reset)(jax.random.split(key, 3))


def folded_beside_what_nothing_reads(model, rng, x):
    rng, model_rng = jax.random.split(rng)  # KS107
    own = jax.random.fold_in(rng, jax.lax.axis_index("batch"))
    return model(own, x), rng


def either_nothing_or_a_key(init, rng, x):
    if rng is not None:
        rng, next_rng, own = jax.random.split(rng, 3)  # KS107
    else:
        rng, next_rng, own = None, None, None
    return init(rng, own, x), rng


# A method that is there to be overridden.


class Environment:
    def advance(self, key, state):
        """Move on by one step."""
        raise NotImplementedError

    def restart(self, key): ...

    def step(self, key, state):
        step_key, restart_key = jax.random.split(key)  # KS107
        return self.advance(step_key, state), self.restart(step_key)

    def step_apart(self, key, state):
        step_key, restart_key = jax.random.split(key)
        return self.advance(step_key, state), self.restart(restart_key)


# Objects that are made in each turn with one key, by themselves or in a tuple.


def made_in_each_turn(Node, run, n, rng):
    rng, own = jax.random.split(rng)
    return [Node(run, own) for _ in range(n)]  # KS101


def started_in_each_turn(run, log, n, rng):
    rng, own = jax.random.split(rng)
    for _ in range(n):
        log.append(threading.Thread(target=run, args=(own,)))  # KS201


def started_with_keys_of_their_own(run, log, n, rng):
    for _ in range(n):
        rng, own = jax.random.split(rng)
        log.append(threading.Thread(target=run, args=(own,)))


# A key that training is given, and that nothing reads.


def trained_without_streams(state, batch, rng):
    def loss(params):
        return state.apply_fn(params, batch).mean()  # KS405

    return jax.grad(loss)(state.params)


def folded_and_left(state, batch, rng):
    rng = jax.random.fold_in(rng, state.step)
    return state.apply_fn(state.params, batch)  # KS405


def evaluated_without_streams(state, batch, rng):
    return state.apply_fn(state.params, batch).mean()


def loss_of_an_interface(network, params, batch):
    def loss(params, batch, key):
        return network.apply(params, batch).mean()

    return jax.grad(loss)(params, batch, None)


def initialised_with_what_it_draws(model, x, rng):
    rng, key = jax.random.split(rng)
    params = model.init(key, x, rng)
    return params, jax.random.split(rng)


# Names of streams at a call of anything.


def misspelt_at_the_call(encoder, x, make_key):
    return encoder(x, rngs={"droput": make_key()})  # KS407


def misspelt_in_a_lift(lift, module):
    return lift(module, split_rngs={"params": False, "drop_out": True})  # KS407


def another_stream(encoder, x, make_key):
    return encoder(x, rngs={"sample": make_key()})


def switched_off_with_unseen_streams(model, params, batch, make_streams):
    def loss(params):
        return model.apply(params, batch, deterministic=True, rngs=make_streams()).mean()  # KS602

    return jax.grad(loss)(params)


# Nothing but one key given in each lane of a batch.


def all_alike(env, key, count):
    key, sub = jax.random.split(key)
    return jax.vmap(lambda _: env.reset(sub))(jnp.arange(count)), key  # KS303


def told_by_the_lane(env, key, count):
    key, sub = jax.random.split(key)
    return jax.vmap(lambda lane: env.reset(sub, lane))(jnp.arange(count)), key
