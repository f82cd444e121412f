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
    "KS012": "checkpoint-not-saved",
    "KS013": "record-not-saved",
    # 1: keys
    "KS101": "key-reused",
    "KS102": "key-drawn-and-split",
    "KS103": "split-fold-alias",
    "KS104": "path-collision",
    "KS105": "legacy-key",
    "KS106": "key-recreated",
    "KS107": "split-result-unused",
    "KS108": "key-as-default-or-attribute",
    "KS109": "seed-collision",
    "KS110": "not-one-key",
    # 2: steps
    "KS201": "same-draw-every-step",
    "KS202": "steps-repeated-after-resume",
    "KS203": "loop-invariant-key",
    "KS204": "counter-rewound",
    "KS205": "draw-cached",
    # 3: replicas, batch
    "KS301": "replicas-share-draws",
    "KS302": "replicas-disagree",
    "KS303": "batch-shares-draws",
    "KS304": "microbatches-share-draws",
    "KS305": "lifted-split-missing",
    # 4: streams
    "KS401": "stream-fallback",
    "KS402": "stream-unused",
    "KS403": "streams-share-key",
    "KS404": "single-key-init",
    "KS405": "missing-rngs",
    "KS406": "rng-for-rngs",
    "KS407": "misnamed-stream",
    # 5: other randomness
    "KS501": "host-randomness-baked",
    "KS502": "unrepeatable-seed",
    "KS503": "key-baked-into-jit",
    "KS504": "generator-recreated",
    # 6: mode and rate
    "KS601": "draws-in-evaluation",
    "KS602": "dropout-never-draws",
    "KS603": "rate-out-of-range",
    "KS604": "mode-not-given",
    # 9: the auditor
    "KS901": "unreadable-source",
    "KS902": "unseen-draws",
    "KS903": "unused-ignore",
}
