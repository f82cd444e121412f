"""The step of a key in loops: their own counter where it tells all turns apart, or a new one."""

from __future__ import annotations

import ast

from keystream._lint.repairs import Edit
from keystream._migrate.editing import after, before, first, over
from keystream._migrate.module import Loop, Module, Refused, dotted, own

COUNTS = ("step", "turn", "key_step")


class Counters:
    """The counters of a scope's loops, which all of its keys share."""

    def __init__(self, module: Module, scope: ast.AST) -> None:
        self.module = module
        self.scope = scope
        self._names: dict[tuple[Loop, bool], str] = {}
        self._edits: dict[tuple[Loop, bool], list[Edit]] = {}
        self._moved: dict[Loop, list[Edit]] = {}

    def of(self, loop: Loop, wanted: str) -> tuple[str, list[Edit]]:
        """The variable that counts a loop's turns, and what adds one where there is none."""
        place = (loop, False)
        if place not in self._names:
            self._names[place], self._edits[place] = self._added(loop, wanted)
        return self._names[place], self._edits[place]

    def running(self, loops: list[Loop]) -> tuple[str, list[Edit]]:
        """A counter that is set before the outermost loop, and moved on in the innermost."""
        outermost, innermost = loops[0], loops[-1]
        place = (outermost, True)
        if place not in self._names:
            self._names[place] = self.module.fresh(self.scope, *COUNTS)
            self._edits[place] = [before(self.module, outermost, f"{self._names[place]} = 0")]
        row = f"{self._names[place]} += 1"
        if innermost not in self._moved:
            # A turn that is cut short by `continue` would not be counted at its end.
            if any(isinstance(node, ast.Continue) for node in ast.walk(innermost)):
                self._moved[innermost] = [first(self.module, innermost, row)]
            else:
                self._moved[innermost] = [after(self.module, innermost.body[-1], row)]
        return self._names[place], self._edits[place] + self._moved[innermost]

    def _added(self, loop: Loop, wanted: str) -> tuple[str, list[Edit]]:
        if isinstance(loop, ast.While):
            return "", []
        name = _counts(self.module, loop)
        if name and name != "_":
            return name, []
        new = self.module.fresh(self.scope, wanted, *COUNTS)
        if name or (_range(loop) is not None and _is_unused(loop.target)):
            unused = loop.target if isinstance(loop.target, ast.Name) else _elements(loop.target)[0]
            return new, [over(unused, new)]
        target = self.module.source(loop.target)
        target = (
            f"({target})" if isinstance(loop.target, ast.Tuple) and target[0] != "(" else target
        )
        counted = f"enumerate({self.module.source(loop.iter)})"
        return new, [over(loop.target, f"{new}, {target}"), over(loop.iter, counted)]


class LoopSteps:
    """Steps of the keys of one root, by the loops that it is kept through."""

    def __init__(self, counters: Counters, root: ast.AST | None) -> None:
        self.module = counters.module
        self.scope = counters.scope
        self.edits: list[Edit] = []
        self._counters = counters
        self._outside = (
            set(self.module.loops(root, self.scope)) if root is not None else set[Loop]()
        )

    def loops(self, node: ast.AST) -> list[Loop]:
        """The loops that run a node again and again with one root key."""
        return [loop for loop in self.module.loops(node, self.scope) if loop not in self._outside]

    def at(self, node: ast.AST) -> str:
        """An expression that has another value each time that a node is run."""
        loops = self.loops(node)
        if not loops:
            return "0"
        if len(loops) == 1 and not isinstance(loops[0], ast.While):
            return self._counter(loops[0], "step")
        if known := self._product(loops):
            return known
        return _existing(self.module, loops) or self._with(self._counters.running(loops))

    def _product(self, loops: list[Loop]) -> str:
        """``epoch * steps_per_epoch + i``, where each inner loop is over a fixed range."""
        sizes = [_size(loop, loops[0]) for loop in loops[1:]]
        if len(loops) < 2 or not all(sizes) or _range(loops[0]) is None:
            return ""
        names = [self._counter(loop, "epoch" if loop is loops[0] else "step") for loop in loops]
        found = names[0]
        for name, size in zip(names[1:], sizes, strict=True):
            head = f"({found})" if " " in found else found
            found = f"{head} * {size} + {name}"
        return found

    def _counter(self, loop: Loop, wanted: str) -> str:
        return self._with(self._counters.of(loop, wanted))

    def _with(self, found: tuple[str, list[Edit]]) -> str:
        name, edits = found
        self.edits += [edit for edit in edits if edit not in self.edits]
        return name


def _is_unused(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "_"


def _counts(module: Module, loop: ast.For | ast.AsyncFor) -> str:
    """The variable of a loop that counts its turns already; empty for none."""
    called = module.called(loop.iter)
    elements = _elements(loop.target)
    if _range(loop) is not None and isinstance(loop.target, ast.Name):
        bound = [n for n in ast.walk(loop) if isinstance(n, ast.Name) and n.id == loop.target.id]
        assigned = [node for node in bound if isinstance(node.ctx, ast.Store)]
        if len(assigned) == 1:
            return loop.target.id
    if called == "enumerate" and elements and isinstance(elements[0], ast.Name):
        return elements[0].id
    if called == "zip" and elements and isinstance(loop.iter, ast.Call) and loop.iter.args:
        head = loop.iter.args[0]
        if module.called(head) == "range" and _rises(head) and isinstance(elements[0], ast.Name):
            return elements[0].id
    return ""


def _elements(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple | ast.List) else []


def _range(loop: Loop) -> ast.Call | None:
    """The ``range`` that a loop is over, plain or behind a progress bar."""
    if isinstance(loop, ast.While):
        return None
    call = loop.iter
    if isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] == "tqdm" and call.args:
        call = call.args[0]
    name = dotted(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
    return (
        call
        if isinstance(call, ast.Call) and name in ("range", "trange") and _rises(call)
        else None
    )


def _rises(call: ast.expr) -> bool:
    """Whether a range has no negative bound: a step is not negative."""
    args = call.args if isinstance(call, ast.Call) else []
    return bool(args) and not any(
        isinstance(part, ast.UnaryOp) for arg in args for part in ast.walk(arg)
    )


def _size(loop: Loop, outermost: Loop) -> str:
    """How many turns an inner loop has, where that is one name or number throughout."""
    call = _range(loop)
    if call is None or len(call.args) != 1:
        return ""
    size = call.args[0]
    if isinstance(size, ast.Constant):
        return str(size.value)
    name = dotted(size)
    changed = {
        n.id
        for n in ast.walk(outermost)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    return "" if name.split(".")[0] in changed else name


def _existing(module: Module, loops: list[Loop]) -> str:
    """A counter that the program has: set to a number before the loops, moved on in each turn."""
    innermost = loops[-1]
    if any(isinstance(node, ast.Continue) for node in ast.walk(innermost)):
        return ""
    for row in innermost.body:
        match row:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.Constant(value=1)):
                scope = module.scope(loops[0])
                bound = [
                    node
                    for node in own(scope)
                    if isinstance(node, ast.Name)
                    and node.id == name
                    and isinstance(node.ctx, ast.Store)
                ]
                others = [
                    module.statement(node) for node in bound if module.statement(node) is not row
                ]
                if len(others) == 1 and _is_start(others[0]) and others[0].lineno < loops[0].lineno:
                    return name
            case _:
                pass
    return ""


def _is_start(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=int(start))):
            return start >= 0
        case _:
            return False


class CounterSteps:
    """Steps of a body that is given a counter and hands it on."""

    def __init__(self, module: Module, scope: ast.AST, name: str) -> None:
        self.module = module
        self.scope = scope
        self.name = name
        self.edits: list[Edit] = []

    def loops(self, node: ast.AST) -> list[Loop]:
        """The loops in the body around a node."""
        return self.module.loops(node, self.scope)

    def at(self, node: ast.AST) -> str:
        """The counter, which no loop in the body moves on."""
        if self.loops(node):
            raise Refused(
                node,
                f"the key is split in a loop inside of `{getattr(self.scope, 'name', 'it')}`"
                f"; make that loop a scan too, or split the key before it",
            )
        return self.name


class StateSteps:
    """Steps of a scope that reads them from a state."""

    def __init__(self, module: Module, scope: ast.AST, step: str) -> None:
        self.module = module
        self.scope = scope
        self.step = step
        self.edits: list[Edit] = []

    def loops(self, node: ast.AST) -> list[Loop]:
        """The loops around a node."""
        return self.module.loops(node, self.scope)

    def at(self, node: ast.AST) -> str:
        """The state's own count."""
        if isinstance(node, ast.stmt) and self.loops(node):
            raise Refused(
                node,
                "the state's key is split in a loop, in which the state's step stays the same; "
                "split it before, one key for each turn",
            )
        return self.step
