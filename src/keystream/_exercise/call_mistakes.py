"""The mistakes that show in what a solution calls, in the order in which they are told.

Adding one is adding a row, with its sign.
"""

from __future__ import annotations

from keystream._exercise import call_signs as signs
from keystream._exercise import leads
from keystream._exercise.mistake import APPLY, DEFINITION, INIT, MODEL, RNGS, Mistake

_RAISED = (
    Mistake(
        "function-missing",
        "the file defines no function run_dropout_model",
        "it is the function that is checked",
        f"define it, by this name:\n{DEFINITION}",
        lead=leads.TASK,
        sign=signs.no_function,
    ),
    Mistake(
        "wrong-signature",
        "run_dropout_model does not take the five inputs of the task",
        "it is called with them in the order of the task, without names",
        f"write its first line so:\n{DEFINITION}",
        lead=leads.TASK,
        sign=lambda evidence: signs.reordered(evidence) or signs.uncallable(evidence),
        hides=".*",
    ),
    Mistake(
        "rng-for-rngs",
        "a call was given rng=, but the argument is called rngs=",
        "init and apply hand names they don't know on to the model, which has no argument rng",
        f"pass a dictionary from stream to key as rngs=:\n{APPLY}",
        lead=leads.RNG,
        sign=signs.raised(r"TypeError: \S*__call__\(\) got an unexpected keyword argument 'rng'"),
    ),
    Mistake(
        "cast-forgotten",
        "PRNGKey was given a float",
        "a key is made from an integer, and the task's scalars are floats",
        f"cast both seeds:\n{RNGS}",
        lead=leads.CASTS,
        sign=signs.raised(r"TypeError: PRNG key seed must be an integer"),
    ),
    Mistake(
        "seed-for-key",
        "init or apply was given something else than keys",
        "they take a dictionary from stream to key, init as its first argument; a seed is not a key",
        f"make keys from the seeds, and give them first:\n{RNGS}\n{INIT}",
        lead=leads.INIT,
        sign=signs.raised(
            r"RNGs should be of shape|First argument passed to an init|``rngs`` argument passed to"
        ),
    ),
    Mistake(
        "params-missing",
        "init was given no key for 'params'",
        "the dense layer draws its weights from the stream of this name",
        f"name both streams:\n{RNGS}\n{INIT}",
        lead=leads.INIT,
        sign=signs.raised(r'InvalidRngError: .* needs PRNG for "params"'),
    ),
    Mistake(
        "missing-rngs",
        "apply was given no rngs=, but Dropout draws",
        "variables hold weights, not keys: randomness of a run is given with the run",
        f"give the run its key:\n{APPLY}",
        lead=leads.NO_RNGS,
        sign=signs.no_stream,
    ),
    Mistake(
        "misnamed-stream",
        "keys were given, but none under the name that Dropout draws from, 'dropout'",
        "Flax serves a missing stream from 'params' if it can, in silence, or stops",
        f"spell the stream as Dropout does:\n{RNGS}\n{INIT}\n{APPLY}",
        lead=leads.MISNAMED,
        sign=signs.misnamed,
    ),
    Mistake(
        "init-missing",
        "the model was called by itself, without init and apply",
        "a Linen module holds no weights: init makes them, and apply runs the model with them",
        f"make the weights, then run the model:\n{INIT}\n{APPLY}",
        lead=leads.APPLY,
        sign=signs.raised(r"CallCompactUnboundModuleError"),
    ),
    Mistake(
        "variables-unwrapped",
        "apply was given variables of another structure than init returned",
        "init returns {'params': {...}}, and apply wants just that",
        f"pass on what init returned:\n{INIT}\n{APPLY}",
        lead=leads.APPLY,
        sign=signs.raised(r"(ScopeCollectionNotFound|ScopeParamNotFound|InvalidVariables)"),
    ),
    Mistake(
        "flag-missing",
        "the model or its Dropout was called without the flag",
        "Dropout has no default: whether this is training or evaluation has to be said",
        f"hand the flag down:\n{MODEL}",
        lead=leads.MODE,
        sign=signs.raised(
            r'"deterministic" must be passed|missing 1 required .* argument: \'deterministic\''
        ),
    ),
    Mistake(
        "flag-given-twice",
        "Dropout was given the flag twice",
        "it takes the flag when it is made or when it is called, and not both",
        f"give it once:\n{MODEL}",
        lead=leads.MODEL,
        sign=signs.raised(r'"deterministic" was passed to the constructor and at call time'),
    ),
)

# What Flax does in silence, in which every output may be right.
_SILENT = (
    Mistake(
        "single-key-init",
        "init was given a single key, and Dropout drew from it as well",
        "Flax takes a single key as 'params' and serves 'dropout' from it in silence, so the mask"
        " that init draws comes from the weights' key; in apply the same habit gives wrong masks",
        f"give each stream its key:\n{RNGS}\n{INIT}",
        lead=leads.SINGLE_KEY,
        sign=signs.falls_back("init"),
    ),
    Mistake(
        "single-key-apply",
        "apply was given a key for 'params' alone, and Dropout drew from it",
        "Flax takes a single key as 'params' and serves 'dropout' from it in silence; the next"
        " module that draws from 'params' shares its key",
        f"name the stream:\n{APPLY}",
        lead=leads.FALLBACK,
        sign=signs.falls_back("apply"),
    ),
    Mistake(
        "key-reused",
        "one key serves both streams",
        "Flax does not fold a stream's name into its key: masks and weights hang together",
        f"make a key of its own for each stream:\n{RNGS}",
        lead=leads.SHARED_KEY,
        sign=signs.one_key_in_init,
    ),
    Mistake(
        "seeds-swapped",
        "seed and dropout_seed are swapped",
        "the weights come from dropout_seed, and the mask of init from seed",
        f"make 'params' from seed:\n{RNGS}",
        lead=leads.STREAMS,
        sign=signs.swapped_in_init,
        hides="key-reused",
    ),
)

_LAYERS = (
    Mistake(
        "apply-missing",
        "the model is never applied: what is returned comes from init",
        "init runs the model once, with deterministic=False, whatever the flag says",
        f"take the weights from init, and the output from apply:\n{INIT}\n{APPLY}",
        lead=leads.APPLY,
        sign=signs.never_applied,
        hides="flag-ignored",
    ),
    Mistake(
        "dropout-missing",
        "there is no dropout",
        "the model is Dense, then Dropout",
        f"put it last:\n{MODEL}",
        lead=leads.MODEL,
        sign=signs.no_dropout,
        hides="flag-ignored",
    ),
)

CALLS = (*_RAISED, *_SILENT, *_LAYERS)
