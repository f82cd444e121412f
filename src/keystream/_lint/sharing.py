"""Fixes for a key that is used more than once, in the words of the source."""

from __future__ import annotations

import ast

from keystream._findings import Location
from keystream._judge.handing import spelled
from keystream._judge.rewriting import is_spelled, spellings
from keystream._judge.splitting import one_part, own_keys
from keystream._judge.stepping import each_turn, of_stack
from keystream._judge.wording import Given
from keystream._lint.facts import Site, Use
from keystream._lint.mistakes import Mistake
from keystream._lint.module import Module


def spelled_key(mistake: Mistake) -> str:
    """The key as the place that is reported spells it; ``key`` where it has no name there."""
    return _name(mistake, mistake.repeat.second) or "key"


def own_parts(mistake: Mistake, module: Module) -> str:
    """The key split for all its uses in one function, and the statements with the parts."""
    repeat = mistake.repeat
    uses = ((repeat.earlier, repeat.first), (repeat.site, repeat.second))
    named = [(site, name) for site, use in uses if (name := _name(mistake, use))]
    if not named:
        return f"first_key, second_key = jax.random.split({_inside(mistake, repeat.second)}"
    lines = [
        site.location()
        for each in module.facts.repeats
        if each.second.key is repeat.second.key and each.turn is None
        for site in (each.earlier, each.site)
        if site.function == repeat.site.function
    ]
    names = list(dict.fromkeys(name for _, name in named))
    return own_keys([site.location() for site, _ in named], names, lines)


def part_for_draw(mistake: Mistake) -> str:
    """The key split before its draw, and the draw from a part."""
    repeat = mistake.repeat
    drawn, other = repeat.first, repeat.second
    if drawn.kind in ("split", "fold"):
        drawn, other = other, drawn
    name = _name(mistake, drawn)
    if not name:
        return f"split_key, draw_key = jax.random.split({_inside(mistake, drawn)}"
    if repeat.turn is not None:
        return one_part(drawn.chain[repeat.level].location(), [name])
    places = [use.chain[repeat.level].location() for use in (drawn, other)]
    return one_part(places[0], [name], places[1])


def part_for_turn(mistake: Mistake) -> str:
    """A key for each turn of the loop, and the statement with it."""
    repeat = mistake.repeat
    name, here = _name(mistake, repeat.second), repeat.site.location()
    if name:
        return each_turn(Given(here, name))
    chain = repeat.second.chain[repeat.level :]
    stack = tuple(site.location() for site in reversed(chain))
    text = of_stack(stack, here, _lines(repeat.second.chain))
    return text or (
        "derive a key for each step (`key` stands for yours):\n"
        "key, step_key = jax.random.split(key)   # or jax.random.fold_in(key, step)"
    )


def _inside(mistake: Mistake, use: Use) -> str:
    """How a key that has no name where two uses part is spelled where it is drawn from."""
    stack = tuple(site.location() for site in reversed(use.chain[mistake.repeat.level :]))
    names = [each.name for each in spelled(stack)]
    return f"{names[0]})" if names else "key)   # key: the one that they share"


def _lines(chain: tuple[Site, ...]) -> list[Location]:
    return [site.location() for site in chain]


def _name(mistake: Mistake, use: Use) -> str:
    """How the function in which two uses part spells the key that one of them gets; empty for nohow."""
    level = mistake.repeat.level
    if len(use.chain) == level + 1:
        return use.text if _is_name(use.text) else ""
    read = {ast.unparse(each) for each in spellings(use.chain[level].node)}
    bound = [site.target for site in mistake.repeat.origins if site.target in read]
    return bound[0] if bound else ""


def _is_name(text: str) -> bool:
    try:
        return is_spelled(ast.parse(text, mode="eval").body)
    except SyntaxError:
        return False
