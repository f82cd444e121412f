"""The mistakes that show in what a solution returns, in the order in which they are looked for.

Most have outputs of their own: those of a program with some steps done otherwise. Adding a mistake is
adding a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from keystream._exercise import call_signs, leads
from keystream._exercise import output_signs as signs
from keystream._exercise import programs as do
from keystream._exercise.mistake import APPLY, INIT, MODEL, RNGS, Mistake, Steps


def _flag(meaning: Callable[[float], bool]) -> Steps:
    return {"flag": meaning}


def _casts(cast: Callable[[float], int]) -> tuple[Steps, ...]:
    params: Steps = {"params_key": do.cast_seed_key(cast)}
    mask: Steps = {"mask_key": do.cast_dropout_key(cast)}
    return ({**params, **mask}, params, mask)


SHAPES = (
    Mistake(
        "not-an-array",
        "the function returns no array",
        "the task asks for a one-dimensional array",
        f"return what apply gives, as it is:\n{APPLY}\nreturn y",
        lead=leads.TASK,
        sign=signs.wrong_type,
    ),
    Mistake(
        "wrong-axes",
        "the function returns an array whose number of axes is not one",
        "x has one axis, and Dense works on the last one: no batch axis is needed",
        f"give the model x as it is, and return what apply gives:\n{APPLY}\nreturn y",
        lead=leads.MODEL,
        sign=signs.wrong_axes,
    ),
    Mistake(
        "wrong-features",
        "the output is not as long as x",
        "the dense layer has to be as wide as its input",
        "take the width from x:\nx = nn.Dense(features=x.shape[-1])(x)",
        lead=leads.MODEL,
        sign=signs.wrong_length,
    ),
    Mistake(
        "wrong-dtype",
        "the output's dtype is not float32",
        "x is float32, and both layers keep its dtype; another one loses digits or holds no numbers",
        f"cast neither x nor the output:\n{APPLY}\nreturn y",
        lead=leads.TASK,
        sign=signs.wrong_dtype,
        hides="not-finite|wrong-without-dropout",
    ),
    Mistake(
        "not-finite",
        "some values are NaN or infinite",
        "a division by the keep probability, 1 - drop_rate, is one by 0 where the rate is 1",
        f"leave mask and scale to nn.Dropout, which minds that rate:\n{MODEL}",
        lead=leads.MODEL,
        sign=signs.not_finite,
        hides=r"[a-z-]+-unused|wrong-without-dropout",
    ),
)

PROGRAMS = (
    Mistake(
        "seeds-swapped",
        "seed and dropout_seed are swapped",
        "the weights come from dropout_seed, and the mask from seed",
        f"make 'params' from seed:\n{RNGS}",
        lead=leads.STREAMS,
        programs=({"params_key": do.dropout_key, "mask_key": do.seed_key},),
    ),
    Mistake(
        "key-reused",
        "one key serves both streams",
        "Flax does not fold a stream's name into its key: masks and weights hang together",
        f"make a key of its own for each stream:\n{RNGS}",
        lead=leads.SHARED_KEY,
        programs=({"mask_key": do.seed_key}, {"params_key": do.dropout_key}),
    ),
    Mistake(
        "key-split",
        "keys are split from PRNGKey(seed)",
        "that is sound elsewhere, but here each stream has a seed of its own",
        f"make each key from its seed:\n{RNGS}",
        lead=leads.STREAMS,
        programs=(
            {"params_key": do.split_seed_key(0), "mask_key": do.split_seed_key(1)},
            {"params_key": do.split_seed_key(1), "mask_key": do.split_seed_key(0)},
            {"params_key": do.split_seed_key(1), "mask_key": do.split_seed_key(2)},
            {"params_key": do.split_seed_key(0)},
            {"params_key": do.split_seed_key(1)},
        ),
    ),
    Mistake(
        "seed-rounded",
        "a seed is rounded",
        "the task casts it: int(3.9) is 3, and int(-2.6) is -2",
        f"cast with int:\n{RNGS}",
        lead=leads.CASTS,
        programs=(*_casts(round), *_casts(math.floor)),
    ),
    Mistake(
        "flag-inverted",
        "the flag is inverted",
        "deterministic=True means that nothing is dropped: it is evaluation, not training",
        f"pass the flag as it is:\n{APPLY}",
        lead=leads.EVALUATION,
        programs=(
            _flag(lambda flag: flag < 0.5),
            _flag(lambda flag: flag <= 0.5),
            _flag(lambda flag: flag < 1.0),
            _flag(lambda flag: not flag),
        ),
    ),
    Mistake(
        "flag-as-truth",
        "the flag is taken as true whenever it is not 0",
        "the task's flag is a float: 0.3 means False",
        f"compare it:\n{APPLY}",
        lead=leads.CASTS,
        programs=(_flag(bool),),
    ),
    Mistake(
        "flag-threshold",
        "the flag is taken as true only above 0.5",
        "0.5 itself means True",
        f"compare with >=, and don't round:\n{APPLY}",
        lead=leads.CASTS,
        programs=(_flag(lambda flag: flag > 0.5),),
    ),
    Mistake(
        "flag-cast",
        "the flag is taken as true only from 1 on",
        "int(0.7) is 0, but 0.7 means True",
        f"compare it:\n{APPLY}",
        lead=leads.CASTS,
        programs=(_flag(lambda flag: flag >= 1.0),),
    ),
    Mistake(
        "flag-ignored",
        "apply always runs with one value of the flag",
        "a run drops values or does not, as the flag says; init alone always has False",
        f"give apply the flag:\n{APPLY}",
        lead=leads.EVALUATION,
        programs=(_flag(lambda flag: False), _flag(lambda flag: True)),
    ),
    Mistake(
        "keep-for-drop",
        "the rate is taken as the probability of keeping",
        "drop_rate, like Flax's rate, is the probability of dropping",
        "pass it as it is:\nnn.Dropout(rate=self.drop_rate, deterministic=deterministic)",
        lead=leads.MODEL,
        programs=({"model": do.keep_rate_model},),
    ),
    Mistake(
        "layers-swapped",
        "dropout comes before the dense layer",
        "then the inputs are dropped, not the outputs",
        f"write the layers in the task's order:\n{MODEL}",
        lead=leads.MODEL,
        programs=({"model": do.DropoutFirst},),
    ),
    Mistake(
        "dense-missing",
        "there is no dense layer",
        "the model is Dense, then Dropout",
        f"put it first:\n{MODEL}",
        lead=leads.MODEL,
        programs=({"model": do.DropoutOnly},),
    ),
    Mistake(
        "activation-added",
        "there is a ReLU beside the two layers",
        "the model is Dense, then Dropout, and nothing else",
        f"leave it out:\n{MODEL}",
        lead=leads.MODEL,
        programs=({"model": do.WithRelu},),
    ),
)

# What no one program stands for; looked for when no program makes the solution's outputs.
PROPERTIES = (
    Mistake(
        "layers-added",
        "the model has more layers than the task's two",
        "it is Dense, then Dropout, each of them once",
        f"leave the others out:\n{MODEL}",
        lead=leads.MODEL,
        sign=call_signs.more_layers,
    ),
    Mistake(
        "layers-renamed",
        "the layers have other names than in the task",
        "Flax folds the module path into the keys: a layer of another name has other weights",
        f"write both layers in one compact method, without names:\n{MODEL}",
        lead=leads.PATHS,
        sign=call_signs.renamed,
    ),
    Mistake(
        "seed-unused",
        "the output does not depend on seed",
        "a key that is written into the program gives every caller the same weights",
        f"make 'params' from the input:\n{RNGS}",
        lead=leads.STREAMS,
        sign=signs.ignores("seed"),
    ),
    Mistake(
        "dropout-seed-unused",
        "the output does not depend on dropout_seed",
        "a key that is written into the program gives every run the same mask",
        f"make 'dropout' from the input:\n{APPLY}",
        lead=leads.STREAMS,
        sign=signs.ignores_while_dropping("dropout_seed"),
    ),
    Mistake(
        "rate-unused",
        "the output does not depend on drop_rate",
        "a rate that is written into the program drops as much for every caller",
        "take the rate from the input:\nmodel = DropoutModel(drop_rate)",
        lead=leads.MODEL,
        sign=signs.ignores_while_dropping("drop_rate"),
    ),
    Mistake(
        "not-rescaled",
        "the kept values are not divided by the keep probability",
        "without it the mean shrinks by the rate, and training differs from evaluation",
        f"leave mask and scale to nn.Dropout:\n{MODEL}",
        lead=leads.MODEL,
        sign=signs.not_rescaled,
    ),
)

# What is left to say when nothing above is found.
RESIDUAL = (
    Mistake(
        "wrong-without-dropout",
        "outputs are wrong even where nothing is dropped",
        "so the weights come from another key, or more is done than the dense layer does",
        f"make 'params' from seed, and leave the rest to the layers:\n{RNGS}\n{INIT}\n{MODEL}",
        lead=leads.STREAMS,
        sign=signs.wrong_without_dropout,
        hides="rescaled-otherwise",
    ),
    Mistake(
        "other-mask",
        "other values are dropped than Dropout drops with dropout_seed",
        "weights and scale are right: only the mask comes from another key, or is drawn otherwise",
        f"let nn.Dropout draw it, from PRNGKey(int(dropout_seed)):\n{APPLY}",
        lead=leads.STREAMS,
        sign=signs.foreign_mask,
    ),
    Mistake(
        "rescaled-otherwise",
        "the kept values are divided by something else than the keep probability",
        "only 1 - drop_rate keeps their mean, so that training agrees with evaluation",
        f"leave mask and scale to nn.Dropout:\n{MODEL}",
        lead=leads.MODEL,
        sign=signs.rescaled_otherwise,
    ),
)
