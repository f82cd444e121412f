"""Where a scope lies: its module path, what its call was given, what a transform did not pass on.

A lifted transform gives its body a scope without a parent, and only the streams that it passes on. What
lies outside is read from the stack of the modules that Flax is calling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
from flax.core.scope import Scope


@dataclass(frozen=True)
class Place:
    """A scope and those around it.

    Args:
        model: the class of the model, empty where no method of it is being called.
        scopes: from the root of the call to the scope itself.
    """

    model: str
    scopes: tuple[Scope, ...]

    @property
    def path(self) -> str:
        """The module path, such as ``Net/Block_0/Dropout_0``."""
        return "/".join(filter(None, (self.model, *self.scopes[-1].path)))

    @property
    def given(self) -> tuple[str, ...]:
        """The streams that ``init`` or ``apply`` was given."""
        return tuple(self.scopes[0].rngs)

    @property
    def passed_on(self) -> tuple[str, ...]:
        """The streams that are left in the scope itself."""
        return tuple(self.scopes[-1].rngs)

    def dropped_by(self, name: str) -> tuple[str, ...]:
        """The lifted transforms of which one does not pass a given stream on, outermost first."""
        outer: tuple[str, ...] = ()
        path: tuple[str, ...] | None = None
        for scope in self.scopes:
            transforms = _transforms(scope)
            if name not in scope.rngs:
                return transforms[len(outer) if scope.root.path == path else 0 :]
            outer, path = transforms, scope.root.path
        return ()


def _transforms(scope: Scope) -> tuple[str, ...]:
    """The transforms around a scope: the root of their body is called ``remat(scan(Block_0))``."""
    names = "".join(scope.root.debug_path[-1:]).split("(")[:-1]
    return tuple(f"nn.{name}" for name in reversed(names))


def is_root(scope: Scope) -> bool:
    """Whether ``init``, ``apply`` or ``bind`` made the scope, and no module or transform."""
    return not scope.path and not scope.debug_path


def called_modules() -> Sequence[Any]:
    """The bound modules whose methods are being called, outermost first."""
    # Flax's own stack has no public face; without it paths lack the model's name.
    context = getattr(nn.module, "_context", None)
    stack = getattr(context, "module_stack", ())
    return [module for module in stack if getattr(module, "scope", None) is not None]


def find(scope: Scope) -> Place:
    """The place of a scope."""
    scopes = [scope]
    stack = called_modules()
    for module in reversed(stack):
        if is_root(module.scope):
            if is_root(scope.root) and scope.root != module.scope:
                break  # a module bound by hand, inside a method of another model
            # Modules may share one scope: the outermost is the model that was called.
            model = next(outer for outer in stack if outer.scope == module.scope)
            return Place(type(model).__name__, (module.scope, *scopes))
        scopes.insert(0, module.scope)
    root = scope.root if is_root(scope.root) else scopes[0].root
    return Place("", (root, *scopes))
