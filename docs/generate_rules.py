"""Writes rules.md and rules/ from the docstrings of the rules, which `keystream rule` prints too.

python docs/generate_rules.py
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from keystream import _rules
from keystream._codes import CODES
from keystream.errors import by_code

DOCS = Path(__file__).parent

FAMILIES = {
    "KS1": "Keys",
    "KS2": "Steps",
    "KS3": "Replicas and batches",
    "KS4": "Streams",
    "KS5": "Other randomness",
    "KS6": "Mode and rate",
    "KS9": "The tools themselves",
}

PLANNED = (
    *("KS101", "KS102", "KS103", "KS106", "KS201", "KS203"),
    *("KS301", "KS303", "KS304", "KS503"),
)
READ_BY_LINT_ITSELF = ("KS901", "KS903")
FOUND_IN_JOBS = ("KS301", "KS302")  # among the records of several processes

# What the audit needs to see a mistake: the evidence, and where it comes from. A rule's EVIDENCE names
# those that it rests on.
EVIDENCE = {
    "lineage": (
        "keys: their values and lineage",
        "plans of compiled calls, eager operations",
    ),
    "loops": ("keys: the loops, batches and replicas of a draw", "plans of compiled calls"),
    "frameworks": (
        "frameworks: what was asked for, and done",
        "observers of Linen, NNX, Equinox, Haiku, Keras",
    ),
    "errors": ("frameworks: errors that end the program", "their type and words"),
    "host": (
        "randomness of the host",
        "NumPy, `random`, while JAX traces, and where they begin at a seed",
    ),
    "source": ("source at the lines concerned", "a reader of the audited files"),
    "unseen": ("what the others could not give", "a count of it, with reasons"),
}
MORE = {"source": ", and the intent behind all others"}

# Codes of errors beside the rules that find the same mistake, by what a rule's MISTAKE says.
ERRORS_BESIDE = {
    "two streams with one key, seed or id": " KS003 KS009",
    "a rate or probability outside [0, 1]": " KS004",
    "a key of the wrong kind: a number, or an array of another shape": ", KS006 from `Streams`",
}
WITHOUT_RULE = {"KS302": ("error", "processes that declare different streams")}

HEAD = """\
<!-- Written by docs/generate_rules.py from the docstrings in keystream._rules. Edit those. -->

# Rules

A rule finds one kind of mistake, and its code names the mistake. [Lint](lint.md) looks for it in source,
the [audit](audit.md) in a run, and a [plan](plan.md) in one function, without running it. On the command
line, `keystream rule KS101` prints the page of a rule.

- An **error** is proven, and the program shows that independent numbers were wanted, or a run that can
  be repeated.
- A **warning** is proven, but what was wanted can't be told; or it is likely.
- A **note** is true, and harmless as far as the program shows; or it is a matter of style.

The tables name the severities that a rule gives. The same mistake may be an error in a run and a warning
in source. Whatever the rule, a finding is a note where all its lines belong to an installed library, and
for lint in tests, documentation and benchmarks; so is a warning that a comment calls meant.

A *safe* repair does not change which numbers are drawn. An *unsafe* one does, and has to be asked for;
see [Lint](lint.md#repairs). Codes that begin with KS0 are [errors](errors.md) that the library raises.
"""

COLUMNS = """\
| Rule | What it finds | Severity | Seen by | Repair |
| --- | --- | --- | --- | --- |"""

EVIDENCE_HEAD = """
## What each rule rests on

Lint has only the source, and a plan only the operations of one function. The audit has more. Each of its
rules reports a mistake only if it has the evidence for it:

| Evidence | From | Rules |
| --- | --- | --- |
"""

KINDS_HEAD = """
## Which rule finds which mistake

This is what goes wrong with randomness in programs, and the code that names it:

| Mistake | Code |
| --- | --- |
"""

UNSEEN = """
## What no rule sees

- **One seed for two runs.** That is how a run is repeated. A run that goes on in a new process with
  the keys of the old one is seen in source, and by the audit where `--after` names the old one's record,
  KS202.
- **A legacy key changed by arithmetic.** `key + 1` is another valid key, of which nothing is known.
  KS105 names the keys that allow it; typed keys refuse it.
- **Randomness outside JAX.** Workers of a data loader that share a NumPy seed draw from no key. The
  host's randomness is judged where JAX traces it, KS501, and where it makes a seed, KS502.
- **A draw that is right and unwise:** another distribution than was meant, a mask over the wrong axis, a
  rate of 0.9. Nothing in the program says otherwise.
- **A stream that is given and never drawn from.** It can't be told from one that evaluation does not
  need: the code KS402 is kept free for it.
- **Keys behind an effect, or inside a stored program.** They are counted and said, KS902.

What each rule can't see stands under *Limits* on its page.
"""


def codes() -> list[str]:
    """The codes of findings, in order; without those of errors alone, and those that are reserved."""
    known = (code for code in sorted(CODES) if code[:3] in FAMILIES)
    return [code for code in known if severities(code)]


def index() -> str:
    """The text of rules.md."""
    kinds = [f"| {what} | {_linked(which)} |" for what, which in mistakes().items()]
    parts = [HEAD, KINDS_HEAD, "\n".join(kinds), "\n"]
    for prefix, title in FAMILIES.items():
        rows = [_row(code) for code in codes() if code.startswith(prefix)]
        parts.append(f"\n## {title}\n\n{COLUMNS}\n" + "\n".join(rows) + "\n")
    evidence = [
        f"| {what} | {where} | {_linked(' '.join(resting_on(name)) + MORE.get(name, ''))} |"
        for name, (what, where) in EVIDENCE.items()
    ]
    parts += [EVIDENCE_HEAD, "\n".join(evidence), "\n", _linked(UNSEEN)]
    return "".join(parts)


def severities(code: str) -> str:
    """The severities that a rule gives; empty for what is not reported."""
    rule = _rules.page(code)
    return WITHOUT_RULE[code][0] if rule is None else rule.SEVERITIES


def resting_on(evidence: str) -> list[str]:
    """The codes of the rules that rest on some evidence."""
    return [code for code in codes() if evidence in getattr(_rules.page(code), "EVIDENCE", ())]


def mistakes() -> dict[str, str]:
    """The codes that name a mistake, by the mistake in a reader's words."""
    found: dict[str, list[str]] = {}
    for code in codes():
        said = WITHOUT_RULE.get(code, ("", getattr(_rules.page(code), "MISTAKE", "")))[1]
        if said:
            found.setdefault(said, []).append(code)
    return {said: " ".join(which) + ERRORS_BESIDE.get(said, "") for said, which in found.items()}


def page(code: str) -> str:
    """The text of a rule's page. Its summary stands in the overview: *What it does* says it in full."""
    _, _, rest = _docstring(code).partition("\n")
    name = _rules.page(code).__name__  # pyright: ignore[reportOptionalMemberAccess]
    facts = f"*{severities(code)}"
    facts += f" · seen by {seen}" if (seen := seen_by(code)) else ""
    facts += f" · repair {safety}*" if (safety := repair(code)) else "*"
    return (
        f"<!-- Written by docs/generate_rules.py from the docstring of {name}. Edit that. -->\n\n"
        f"# {code} {CODES[code]}\n\n{facts}\n{rest}\n"
    )


def pages() -> dict[str, str]:
    """Every page by its path below docs."""
    found = {f"rules/{code}.md": page(code) for code in codes() if _rules.page(code) is not None}
    return {"rules.md": index(), **found}


def seen_by(code: str) -> str:
    """What finds the mistake, in words."""
    rule = _rules.page(code)
    return ", ".join(
        name
        for name, sees in (
            ("lint", hasattr(rule, "read") or code in READ_BY_LINT_ITSELF),
            ("audit", hasattr(rule, "recorded") or code in _rules.from_source()),
            ("plan", code in PLANNED),
            ("report of a job", code in FOUND_IN_JOBS),
            ("the library", code in by_code()),
        )
        if sees
    )


def repair(code: str) -> str:
    """``safe``, ``unsafe`` or nothing, as the page begins to say."""
    said = _docstring(code).partition("## Fix safety\n\n")[2]
    return next((word for word in ("safe", "unsafe") if said.startswith(f"{word.title()}:")), "")


def titles() -> dict[str, dict[str, str]]:
    """The pages of the rules as the site lists them: by family, the page of each title."""
    return {
        family: {
            f"{code} {CODES[code].replace('-', ' ')}": f"rules/{code}.md"
            for code in codes()
            if code.startswith(prefix) and _rules.page(code) is not None
        }
        for prefix, family in FAMILIES.items()
    }


def _row(code: str) -> str:
    cells = (
        f"{_link(code)} {CODES[code]}",
        _docstring(code).partition("\n")[0],
        severities(code),
        seen_by(code),
        repair(code),
    )
    return f"| {' | '.join(cells)} |"


def _docstring(code: str) -> str:
    return inspect.getdoc(_rules.page(code) or by_code()[code]) or ""


def _linked(text: str) -> str:
    return re.sub(r"KS\d{3}", lambda match: _link(match[0]), text)


def _link(code: str) -> str:
    if code[:3] in FAMILIES and code not in codes():
        return code
    if _rules.page(code) is None:
        return f"[{code}](errors.md#{code.lower()}-{CODES[code]})"
    return f"[{code}](rules/{code}.md)"


def stale() -> Iterator[Path]:
    """Pages of rules that are no more."""
    known = {DOCS / name for name in pages()}
    yield from (path for path in (DOCS / "rules").glob("*.md") if path not in known)


if __name__ == "__main__":
    (DOCS / "rules").mkdir(exist_ok=True)
    for path in list(stale()):
        path.unlink()
    for name, text in pages().items():
        (DOCS / name).write_text(text)
