# about: a language model samples each token with one key
import jax
import jax.numpy as jnp


@jax.jit
def next_token(table, token, key, temperature):
    logits = table[token] / temperature
    return jax.random.categorical(key, logits)  # or: KS201|KS203


def generate(table, prompt, key, length, temperature=1.0):
    tokens = list(prompt)
    for _ in range(length):  # or: KS201|KS203
        token = next_token(table, tokens[-1], key, temperature)  # expect: KS201|KS203
        tokens.append(int(token))
    return tokens


weights_key, sample_key = jax.random.split(jax.random.key(33))
table = jax.random.normal(weights_key, (12, 12))
print(generate(table, [1], sample_key, 8))
