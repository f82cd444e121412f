"""A file that lint can't read: no Python, another encoding, or nested beyond measure.

## What it does

Says that a file was not checked, and why. Lint goes on with the other files, and exits with 1,
because what was asked for was not done.

## Why it matters

Mistakes in the file are not found, and a check that passes would say more than it knows.

## Example

```sh
echo "x = (" > broken.py
keystream lint broken.py  # exits 1
```

```text
broken.py:1: warning KS901 the source can't be read: it is not Python: '(' was never closed
  > 1 | x = (
  why:   nothing was checked in this file
  fix:   correct the file, or leave it out:
         [tool.keystream]
         exclude = ["broken.py"]
  KS901 unreadable-source (keystream rule KS901)

keystream lint: 1 warning (1 file; 0 lines)
```

## Use instead

```sh
echo "x = ()" > mended.py
keystream lint mended.py
```

```text
keystream lint: nothing found (1 file; 1 line)
```

## Limits

The audit has no such finding: what Python can't read does not run. Templates and files for an older
Python are best left out, with `exclude = ["templates"]` under `[tool.keystream]` in
`pyproject.toml`.

## Fix safety

There is no automatic repair.

## Sources

`ast.parse` of Python 3.11.
"""

SEVERITIES = "warning"
