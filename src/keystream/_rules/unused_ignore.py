"""A comment `# keystream: ignore[...]` that suppresses nothing.

## What it does

Finds comments that ignore a code which is not found on their line. Lint reports it, also for a
comment that ignores several codes of which one is not found.

## Why it matters

The mistake that the comment was written for is gone, or its line has moved away. Left there, it
would hide the next mistake on its line.

## Example

```python
import jax

key = jax.random.key(0)
noise = jax.random.normal(key, (3,))  # keystream: ignore[KS101] compared below
```

## Use instead

```python
import jax

key = jax.random.key(0)
noise = jax.random.normal(key, (3,))
```

## Limits

A comment for a code that source never shows is believed to be the audit's. One for a code that both
can find, on a line where only the audit finds it, is unused to lint: leave KS903 out of the file with
`per-file-ignores`, or bear with the note. The audit itself never reports one. A `# noqa` is
left to the linter that it belongs to.

## Fix safety

There is no automatic repair.

## Sources

`ruff` and its rule RUF100, unused-noqa.
"""

SEVERITIES = "note"
