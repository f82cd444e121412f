"""Words by which people say what they mean to do with randomness."""

from __future__ import annotations

import re

# Parameters and times: a batch of them is compared on equal draws, or walks one path of them.
SWEPT = re.compile(
    r"param|theta|weight|lr|hyper|config|gain|candidat|popul|member|coef|alpha|beta|temp|scale|sigma|design|policy|"
    r"seed|rate|strength|shift|loc|mu$|^w$|^p$|^a$|^b$|^t\d?$|^ts$|^s$|time$|times$",
    re.IGNORECASE,
)
