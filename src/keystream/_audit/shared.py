"""Draws whose key did not vary over a loop, a batch, replicas, or the members of a lifted transform."""

from __future__ import annotations

from keystream._audit import intent
from keystream._audit.judged import Judged, distinct
from keystream._audit.recording import Recording, Site
from keystream._audit.streams import declared_at
from keystream._source.words import REPEATS


def shared_draws(recording: Recording) -> list[Judged]:
    """Draws whose key did not vary over a loop, a batch or replicas."""
    judged: list[Judged] = []
    ran = recording.ran
    for number, site in enumerate(recording.sites):
        if site.kind != "draw" or number not in ran or not site.stack or site.flags & _RECOMPUTED:
            continue
        code = _shared_code(recording, number, site)
        if not code or (code == "KS303" and intent.sweeps_in_batch(site.stack)):
            continue
        if code in REPEATS and intent.says_meant(site.stack):
            continue
        found = Judged(
            code,
            "error"
            if code in ("KS203", "KS304", "KS305") and "declared_choices" not in site.flags
            else "warning",
            distinct(
                declared_at(recording, site)[:1] * (code == "KS305") + site.stack + site.derived_at
            ),
            facts={"site": site, "repeats": recording.inner_repeats.get(number, {})},
            module_path=site.module_path,
            stream=site.stream,
        )
        same = next((each for each in judged if _overlap(each, found)), None)
        if same is None:
            judged.append(found)
        else:
            same.locations = distinct(same.locations + found.locations)
            same.count += 1
    return judged


def _overlap(one: Judged, other: Judged) -> bool:
    """Whether two findings of one code share a line: one loop or batch, in which several things draw."""
    mine = {(place.path, place.line) for place in one.locations}
    return one.code == other.code and any((p.path, p.line) in mine for p in other.locations)


_RECOMPUTED = frozenset({"remat", "backward", "discarded", "clone"})


def _shared_code(recording: Recording, number: int, site: Site) -> str:
    """The code of what a site shared in its calls; empty for nothing, or nothing by mistake."""
    if "declared_shared" in site.flags:
        return ""
    repeats = recording.inner_repeats.get(number, {})
    looped = bool(repeats.get("scan") or repeats.get("while"))
    running = "batched_while" not in site.flags  # its finished lanes go on, with what they had
    codes = {
        "KS303": "vmap_shared" in site.flags or (running and bool(repeats.get("lanes"))),
        "KS301": running and bool(repeats.get("shards")),
        "KS304": running and looped and "differentiated" in site.flags,
        "KS203": running and looped,
    }
    code = next((code for code, holds in codes.items() if holds), "")
    return "KS305" if code in ("KS303", "KS304", "KS203") and "lifted" in site.flags else code
