"""A file that lint can't read: no Python, another encoding, or nested beyond measure.

Mistakes in it are not found. Lint goes on with the other files, and ends with 1, because what was asked
for was not done. Mend the syntax error or the encoding that the message names, or leave the file out:

```toml
[tool.keystream]
exclude = ["generated"]
```
"""
