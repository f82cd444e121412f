"""Which sites can't be had, and why: what the slice may not run, followed to the keys behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keystream._plan import primitives
from keystream._plan.marking import key_operands
from keystream._plan.regions import Draft, Region

Reasons = dict[int, str]
Verdict = Callable[[Any], str]  # of an equation: why the slice may not run it, or ""


def effect(equation: Any) -> str:
    """Why an equation may not be run a second time."""
    if primitives.is_opaque(equation):
        return ""
    name = equation.primitive.name
    # A mesh axis is noted as an effect by what reads its index; that may be read again.
    names = sorted({type(each).__name__ for each in equation.effects} - {"NamedAxisEffect"})
    if any(each in ("ReadEffect", "WriteEffect", "AccumEffect", "RefEffect") for each in names):
        return "its key comes out of a mutable array (effect)"
    if names:
        return f"its key needs {name}, which has an effect"
    # A pure callback has none by its own account; but it runs the user's Python.
    if name.endswith("callback"):
        return f"its key needs {name}, which runs on the host"
    if name in primitives.KEYLESS:
        return f"its key needs {name}, which draws anew"
    inner = (each for jaxpr in primitives.any_jaxprs(equation) for each in _equations(jaxpr))
    return next(filter(None, map(effect, inner)), "")


def _equations(jaxpr: Any) -> Any:
    return primitives.opened(jaxpr)[0].eqns


def follow(program: Region, verdict: Verdict) -> dict[int, str]:
    """The sites whose keys need what may not be run.

    Args:
        program: a tree that is marked for every site.
        verdict: of a single equation.

    Returns:
        The reason, by the site's number.
    """
    taint = _Taint(verdict, {})
    taint.through(program, {}, "")
    return taint.reasons


@dataclass(frozen=True)
class _Taint:
    """Follows reasons from what may not be run to the sites behind it.

    Attributes:
        verdict: of a single equation.
        reasons: by the number of a site; the result.
    """

    verdict: Verdict
    reasons: dict[int, str]

    def through(self, region: Region, inputs: Reasons, when: str) -> Reasons:
        """Follow a region: from the tainted among its inputs to those among its results.

        Args:
            region: marked.
            inputs: reasons by the ordinal of the input.
            when: the reason why it can't be known whether the region runs; empty where it can.
        """
        jaxpr = region.jaxpr
        bad: dict[Any, str] = {jaxpr.invars[place]: reason for place, reason in inputs.items()}
        for place in sorted(region.needed | region.sites.keys()):
            equation, draft = jaxpr.eqns[place], region.sites.get(place)
            if draft is not None:
                self._judge(equation, draft, bad, when)
            if place in region.needed:
                for number, reason in self._equation(region, place, bad, when).items():
                    bad[equation.outvars[number]] = reason
        return {
            place: bad[jaxpr.outvars[place]]
            for place in region.results
            if not hasattr(jaxpr.outvars[place], "val") and jaxpr.outvars[place] in bad
        }

    def _judge(self, equation: Any, draft: Draft, bad: dict[Any, str], when: str) -> None:
        reason = when
        for operand in key_operands(equation, draft):
            if not hasattr(operand, "val"):
                reason = reason or bad.get(operand, "")
        if draft.kind == "opaque":
            reason = f"{equation.primitive.name} can't be looked into"
        elif draft.operand < 0:
            reason = f"{equation.primitive.name} has no key"
        if reason:
            self.reasons.setdefault(draft.number, reason)

    def _equation(self, region: Region, place: int, bad: dict[Any, str], when: str) -> Reasons:
        """The tainted results of one equation."""
        equation = region.jaxpr.eqns[place]
        operands = {
            number: bad[var]
            for number, var in enumerate(equation.invars)
            if not hasattr(var, "val") and var in bad
        }
        kind, children = primitives.structure(equation), region.entered.get(place, ())
        if kind is None or not children:
            reason = self.verdict(equation) or next(iter(operands.values()), "")
            return dict.fromkeys(range(len(equation.outvars)), reason) if reason else {}
        if kind == "cond":
            return self._cond(equation, children, operands, when)
        if kind == "scan":
            return self._scan(equation, children[0], operands, when)
        if kind == "while":
            return self._while(equation, children, operands, when)
        return self.through(children[0], operands, when)

    def _cond(
        self, equation: Any, branches: tuple[Region, ...], operands: Reasons, when: str
    ) -> Reasons:
        when = operands.get(0, when)
        inner = {number - 1: reason for number, reason in operands.items() if number}
        outs: Reasons = {}
        for branch in branches:
            outs |= self.through(branch, inner, when)
        return dict.fromkeys(range(len(equation.outvars)), when) if when else outs

    def _scan(self, equation: Any, body: Region, operands: Reasons, when: str) -> Reasons:
        consts, carried = primitives.scan_sizes(equation)
        while True:
            outs = self.through(body, operands, when)
            new = {place + consts: reason for place, reason in outs.items() if place < carried}
            if new.keys() <= operands.keys():
                return outs | {
                    place - consts: reason
                    for place, reason in operands.items()
                    if consts <= place < consts + carried
                }
            operands = new | operands

    def _while(
        self, equation: Any, children: tuple[Region, ...], operands: Reasons, when: str
    ) -> Reasons:
        tested, bodied = equation.params["cond_nconsts"], equation.params["body_nconsts"]
        condition, body = children
        carry = {p - tested - bodied: r for p, r in operands.items() if p >= tested + bodied}
        of_body = {p - tested: r for p, r in operands.items() if tested <= p < tested + bodied}
        of_test = {p: r for p, r in operands.items() if p < tested}
        while True:
            shifted = {place + tested: reason for place, reason in carry.items()}
            when = when or self.through(condition, of_test | shifted, when).get(0, "")
            shifted = {place + bodied: reason for place, reason in carry.items()}
            outs = self.through(body, of_body | shifted, when)
            if outs.keys() <= carry.keys():
                break
            carry = outs | carry
        for region in condition.below():
            for draft in region.sites.values():
                self.reasons.setdefault(draft.number, "it draws in the condition of a while loop")
        return carry | (dict.fromkeys(range(len(equation.outvars)), when) if when else {})
