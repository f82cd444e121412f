"""Words by which people say what they mean to do with randomness."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Parameters and times: a batch of them is compared on equal draws, or walks one path of them.
SWEPT = re.compile(
    r"param|theta|weight|lr|hyper|config|gain|candidat|popul|member|coef|alpha|beta|temp|scale|sigma|design|policy|"
    r"seed|rate|strength|shift|loc|mu$|^w$|^p$|^a$|^b$|^t\d?$|^ts$|^s$|time$|times$",
    re.IGNORECASE,
)

# What a comment says where equal draws are wanted.
_MEANT = re.compile(
    r"common random|antithetic|on purpose|deliberate|intentional|"
    r"re-?generat|re-?build|re-?play|re-?draw|"
    r"(?:same|fixed|identical) (?:random )?(?:noise|keys?|latents?|masks?|seeds?|draws?|starts?|"
    r"episodes?|randomness|samples?|numbers)",
    re.IGNORECASE,
)
REPEATS = frozenset(["KS101", "KS102", "KS106", "KS201", "KS202", "KS203", "KS303"])


def comment_says_meant(lines: Sequence[str], line: int) -> bool:
    """Whether the comment of a line, or those right above it, say that equal draws are wanted.

    Args:
        lines: of the source.
        line: from 1.
    """
    if not 1 <= line <= len(lines):
        return False
    said = [lines[line - 1].partition("#")[2]]
    above = line - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        said.append(lines[above])
        above -= 1
    return any(map(_MEANT.search, said))
