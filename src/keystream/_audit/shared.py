"""Draws whose key did not vary over a loop, a batch, replicas, or the members of a lifted transform."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from keystream._audit.judged import Judged, distinct
from keystream._audit.lineage import Lineage
from keystream._audit.recording import Recording
from keystream._audit.streams import declared_at
from keystream._evidence.batches import batched_names, batches_of
from keystream._evidence.paired import Paired, is_ordered
from keystream._evidence.shared import FOLDED_APART, WHOLE, Shared
from keystream._findings import Severity
from keystream._judge import excuses, words
from keystream._judge.accounts import Accounts
from keystream._judge.excuses import Excuse

Predicate = Callable[[Shared], "tuple[str, Severity] | None"]


def shared_draws(recording: Recording, predicate: Predicate, accounts: Accounts) -> list[Judged]:
    """The mistakes among draws that shared a key within their calls, with every such draw booked."""
    judged: list[Judged] = []
    ran = recording.ran
    for number, site in enumerate(recording.sites):
        if site.kind != "draw" or number not in ran:
            continue
        again = recording.inner_again.get(number, 0)
        accounts.draws += again
        repeats = recording.inner_repeats.get(number, {})
        shared = Shared(
            site,
            turns=repeats.get("scan", 0) + repeats.get("while", 0),
            lanes=repeats.get("lanes", 0),
            shards=repeats.get("shards", 0),
            across=repeats.get("across", 0),
        )
        excuse = _excuse(shared)
        if excuse is not None:
            accounts.excuse(excuse, again)
            continue
        verdict = predicate(shared) if shared.found and site.stack else None
        if verdict is None:
            continue
        accounts.in_findings += again
        _add(judged, _judged(recording, number, shared, *verdict))
    return judged


def _excuse(shared: Shared) -> Excuse | None:
    """What excuses a draw that is shared."""
    of_site = excuses.of_site(shared.at)
    if of_site is not None:
        return of_site
    if shared.declared:
        return Excuse.BROADCAST
    if shared.finished and not shared.found:
        return Excuse.FINISHED_LANES
    return None


def _judged(
    recording: Recording, number: int, shared: Shared, code: str, severity: Severity
) -> Judged:
    site = shared.at
    declared = declared_at(recording, site)[:1] if code == "KS305" else ()
    apart = code == "KS301" and _folds_a_sibling(recording, number)
    judged = Judged(
        code,
        severity,
        distinct(declared + site.stack + site.derived_at),
        facts={"site": site, "repeats": recording.inner_repeats.get(number, {})},
        module_path=site.module_path,
        stream=site.stream,
        meant=FOLDED_APART if apart else "",
    )
    if code == "KS301" and shared.whole:
        judged.meant = WHOLE
    if code == "KS303":
        batch = batched_names(site.stack)
        batches = () if shared.differentiated else batches_of(site.stack)
        if any(is_ordered(place) for place, _ in batches):
            judged.meant = Paired.ORDERED.value
        judged.word = words.swept(*batch) if batch is not None else None
    return judged


def _folds_a_sibling(recording: Recording, number: int) -> bool:
    """Whether the split that made the key of a draw made another too, which is folded apart."""
    lineage: Lineage = recording.evidence["lineage"]
    rows = np.flatnonzero(recording.key_sites == number)[:1]
    made = lineage.chain(int(recording.keys[rows[0]]))[-1:] if len(rows) else []
    if not made or made[0].kind != "split":
        return False
    siblings = {each.child for each in lineage.uses(made[0].parent)} - {made[0].child}
    return any(
        len({each.data for each in lineage.uses(sibling) if each.kind == "fold_in"}) > 1
        for sibling in siblings
    )


def _add(judged: list[Judged], found: Judged) -> None:
    """Findings of one code that share a line are one loop or batch, in which several things draw."""
    mine = {(place.path, place.line) for place in found.locations}
    for each in judged:
        if each.code == found.code and any((p.path, p.line) in mine for p in each.locations):
            each.locations = distinct(each.locations + found.locations)
            each.count += 1
            return
    judged.append(found)
