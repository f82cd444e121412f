"""Reserved, and not reported: a stream that is declared or given and never drawn from.

## What it does

Nothing: neither lint nor the audit reports it, and no page of the site lists it.

## Why it matters

A stream that was meant to be drawn from, and is not, shows as another mistake: KS407, given under
another name, or KS602, dropout that never draws. A stream that a call does not need costs nothing.

## Example

```python
import flax.linen as nn
import jax

layer, x = nn.Dropout(0.5, deterministic=True), jax.numpy.ones(8)
y = layer.apply({}, x, rngs={"dropout": jax.random.key(0)})
```

## Use instead

```python
import flax.linen as nn
import jax

layer, x = nn.Dropout(0.5, deterministic=True), jax.numpy.ones(8)
y = layer.apply({}, x)
```

## Limits

To give evaluation the streams of training is common and harmless, and can't be told from a stream
that was forgotten.

## Fix safety

There is no automatic repair.

## Sources

`flax.linen.Module.apply`, flax 0.12.12, which ignores streams that no module asks for.
"""

SEVERITIES = ""
