"""A split whose keys nobody takes.

## What it does

Finds a call of `jax.random.split` whose result is thrown away, and a child of a split that is given a
name and never read while its parent, or a sibling a second time, is given to a function in its place.

## Why it matters

A split changes nothing in place. The old key goes on being used and repeats its draws.

## Example

```python
import jax

key = jax.random.key(0)
jax.random.split(key)
noise = jax.random.normal(key, (3,))
```

## Use instead

```python
import jax

key, noise_key = jax.random.split(jax.random.key(0))
noise = jax.random.normal(noise_key, (3,))
```

## Limits

A child that nothing reads is no mistake by itself. Where the parent or sibling is surely drawn
from, that is KS101 or KS102. Names that begin with an underscore say that a child is not wanted.

## Fix safety

Safe: the call is removed, which changes no drawn bit.

## Sources

`jax.random` and `jax.random.split`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from keystream._findings import Finding
from keystream._lint.module import Module, finding, key_name, leaves, used_by
from keystream._lint.places import inner

SEVERITIES = "error, warning"
MISTAKE = "a part of a split thrown away, and the old key used again"


def read(module: Module) -> Iterator[Finding]:
    """A split whose keys nobody takes."""
    for fact in module.seen("split_discarded"):
        yield finding(
            "KS107",
            "error",
            fact.site,
            message="the keys that jax.random.split returns are thrown away",
            why="split changes nothing in place: the old key goes on being used, and repeats "
            "its draws",
            fix="take what it returns:\nkey, subkey = jax.random.split(key)",
        )
    for mistake in module.of("KS107"):
        unread = mistake.unread
        if unread is None:
            continue
        first, second = used_by(mistake)
        site, earlier = mistake.site.line, mistake.earlier.line
        also = (
            f"is returned at line {site}"
            if leaves(mistake)
            else f"{second} at line {site} uses too"
        )
        yield finding(
            "KS107",
            mistake.severity,
            unread.site,
            message=f"nothing reads the key `{unread.name}`, while {first} at line {earlier} uses "
            f"{key_name(mistake)}, which {also}",
            why=mistake.why(
                "both get the same key or a key and its own child, and are not independent"
            ),
            fix=f"give one of them the key that was split off for it:\n"
            f"{(first if leaves(mistake) else second).removesuffix('()')}({unread.name}, ...)",
            related=(
                mistake.earlier.location("the first use"),
                mistake.site.location("the second use"),
            ),
            inner=inner(mistake, unread.site),
        )
