"""Draws the pictures of the lesson's page: what an answer shows of some mistakes.

python docs/generate_lesson.py

The mistakes are made in the solution that stands at the end of the lesson itself. A test draws them
again, and fails where a picture shows something else.
"""

import json
import re
import sys
import types
from pathlib import Path

from keystream import exercise

DOCS = Path(__file__).parent
LESSON = DOCS.parent / "examples" / "lesson.ipynb"
_IMPORTS = "import flax.linen as nn\nimport jax\nimport jax.numpy as jnp\n\n\n"
# name of the picture -> the mistake, and what makes it of the solution
PICTURES = {
    "single-key": ("single-key-init", (("model.init(rngs,", "model.init(params_key,"),)),
    "swapped": (
        "seeds-swapped",
        (
            ("int(seed)", "int(other)"),
            ("int(dropout_seed)", "int(seed)"),
            ("other", "dropout_seed"),
        ),
    ),
    "rng": ("rng-for-rngs", (("rngs={", "rng={"),)),
    "flag": ("flag-inverted", ((">= 0.5", "< 0.5"),)),
}
_STYLE = ' style="max-width:100%;height:auto"'


def solution() -> str:
    """The code that unfolds at the end of the lesson."""
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    (folded,) = ("".join(cell["source"]) for cell in cells if cell["id"] == "solution")
    return re.search(r"```python\n(.*?)```", folded, re.DOTALL)[1]


def with_mistake(name: str) -> str:
    """The solution with the mistake of a picture."""
    source = solution()
    for right, wrong in PICTURES[name][1]:
        assert right in source
        source = source.replace(right, wrong)
    return source


def answer(source: str) -> exercise.Answer:
    """What the check says of a solution."""
    module = types.ModuleType("lesson_solution")
    sys.modules[module.__name__] = module  # where Flax looks up the module's names
    exec(compile(_IMPORTS + source, "solution.py", "exec"), module.__dict__)
    return exercise.check(module.run_dropout_model)


def drawn() -> dict[str, str]:
    """Every picture by its name, on white."""
    return {name: _on_white(answer(with_mistake(name))) for name in PICTURES}


def _on_white(answer: exercise.Answer) -> str:
    page = answer._repr_mimebundle_()["text/html"]
    svg = re.search(r"<svg.*?</svg>", page, re.DOTALL)[0]
    paper = '<rect width="100%" height="100%" rx="8" fill="#ffffff"/>'
    return svg.replace(_STYLE, ' color="#1f2933"').replace("</desc>", f"</desc>{paper}") + "\n"


if __name__ == "__main__":
    for name, svg in drawn().items():
        (DOCS / "images" / f"lesson-{name}.svg").write_text(svg, encoding="utf-8")
