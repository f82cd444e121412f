"""One compiled function of nested scans: rollouts in updates, the key in both carries."""

import jax


def make_train(steps, updates):
    def train(rng):
        rng, _rng = jax.random.split(rng)
        w = jax.random.normal(_rng)
        rng, _rng = jax.random.split(rng)
        start = jax.random.split(_rng, 4)
        obs = jax.vmap(jax.random.normal)(start)

        def _update_step(runner_state, unused):
            def _env_step(runner_state, unused):
                w, obs, rng = runner_state
                rng, _rng = jax.random.split(rng)
                keep = jax.random.bernoulli(_rng, 0.5, (16,))
                runner_state = (w, obs + keep.mean(), rng)
                return runner_state, keep

            runner_state, kept = jax.lax.scan(_env_step, runner_state, None, steps)
            w, obs, rng = runner_state

            def _update_epoch(update_state, unused):
                w, rng = update_state
                rng, _rng = jax.random.split(rng)
                order = jax.random.permutation(_rng, 8)
                update_state = (w + order[0], rng)
                return update_state, order

            update_state = (w, rng)
            update_state, _ = jax.lax.scan(_update_epoch, update_state, None, 2)
            rng = update_state[-1]
            runner_state = (update_state[0], obs, rng)
            return runner_state, kept

        rng, _rng = jax.random.split(rng)
        runner_state = (w, obs, _rng)
        runner_state, kept = jax.lax.scan(_update_step, runner_state, None, updates)
        return kept.reshape(-1, 16)

    return train


rng = jax.random.PRNGKey(30)
rng, train_rng = jax.random.split(rng)
masks = list(jax.jit(make_train(3, 2))(train_rng))
