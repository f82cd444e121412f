"""The one table of codes that exceptions, audit and lint share.

A code names a mistake, not the check that saw it. The hundred is the subject. Codes are added, never
renumbered and never reused.
"""

CODES: dict[str, str] = {
    # 0: raised by the library
    "KS001": "undeclared-stream",
    "KS002": "value-out-of-range",
    "KS003": "stream-id-clash",
    "KS004": "rate-out-of-range",
    "KS005": "restored-state-mismatch",
    "KS006": "unsupported-key",
    "KS007": "missing-extra",
    "KS008": "single-key-given",
    "KS009": "twin-seeds",
    "KS010": "bad-exercise-input",
    "KS011": "untested-jax",
    # 4: streams
    "KS401": "stream-fallback",
}
