"""Writes down every use of a key while a program runs, without making the program wait."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

import jax

from keystream import _jax_door as door
from keystream._audit import frames
from keystream._audit.inputs import digest
from keystream._audit.judged import said
from keystream._audit.observers.sent import Letters
from keystream._audit.observers.state import marks
from keystream._audit.plans import plan_of
from keystream._audit.recording import Note, Recording, Site
from keystream._audit.sites import (
    MAKERS,
    drawn_shape,
    flags_of,
    folds_float,
    given_seed,
    is_typed,
    module_path,
    planned_site,
    sharing_shards,
)
from keystream._audit.window import Gate, Window
from keystream._audit.writer import Writer
from keystream._findings import Location
from keystream._plan.site import batches

_KINDS = {
    "random_seed": "seed",
    "random_split": "split",
    "random_fold_in": "fold_in",
    "random_bits": "draw",
    "random_clone": "clone",
}


class _Noted:
    """The mark of a sampler's running frame: a trace function that traces nothing.

    Args:
        by: the recorder that has noted the call; an audit around it does so for itself.
    """

    def __init__(self, by: Recorder) -> None:
        self.by = {id(by)}

    def __call__(self, *_: object) -> None:
        pass


class Recorder:
    """Looks through the door, and keeps what it sees in a `Recording`.

    Args:
        recording: gets sites and notes as they come, columns when the audit has ended.
        gate: says what lies in the part of the run that is audited; all where there is none.

    Attributes:
        recording: as given.
        step: the program's own number of its step; None where it sets none.
        letters: what worker processes have seen of generators.
    """

    def __init__(self, recording: Recording, gate: Gate | None = None) -> None:
        self.recording = recording
        self.step: int | None = None
        self._gate = gate or Gate(Window(), lambda: None)
        self._writer = Writer(self.recording, self._unseen)
        self._sites: dict[Any, int] = {}
        self._program_sites: dict[Any, list[int]] = {}
        self._stacks: dict[Any, Any] = {}
        self._notes: dict[Any, Note] = {}
        self._kept: list[Any] = []  # plans, so that an id stays that of one plan
        self._lock = threading.RLock()
        self._local = threading.local()
        self.letters = Letters()

    # What the door calls.

    def compiled_call(self, arguments: Sequence[Any], parameters: Mapping[str, Any]) -> bool:
        """Start the plan of a compiled call beside it."""
        try:
            return self._compiled_call(arguments, parameters)
        except Exception as error:  # the audit never ends the user's program
            self._unseen(f"the plan of a call failed: {said(error)}")
            return False

    def key_operation(self, primitive: str, arguments: tuple[Any, ...], result: Any) -> None:
        """Note an eager operation of keys."""
        try:
            self._key_operation(_KINDS[primitive], arguments, result)
        except Exception as error:
            self._unseen(f"an eager operation was not recorded: {said(error)}")

    def unseen_call(self, reason: str) -> None:
        """Count a call that can't be looked into."""
        self._unseen(reason)

    # Compiled calls.

    def _compiled_call(self, arguments: Sequence[Any], parameters: Mapping[str, Any]) -> bool:
        donates = any(parameters.get("donated_invars", ()))
        start = frames.here(3)
        key = frames.stack_key(start)
        if self._about(key)[0]:
            return self._sampler_call(start, key, arguments, parameters["jaxpr"])
        plan = plan_of(parameters["jaxpr"])
        if plan.any and not self._gate.call((key, id(plan))):
            return self._gate.stage == "before"
        if plan.any:
            with door.unobserved():
                words = plan.dispatch(arguments)
            known = len(self.recording.sites)
            sites = self._compiled_sites(key, plan, parameters.get("name", ""))
            if sites[0] >= known and self._in_job():
                given = digest(arguments)
                self.recording.inputs.update(dict.fromkeys(sites, given))
            self._writer.call(self._next_call(), sites, plan, words)
        else:
            self._count_unseen(plan)
        if donates:
            self._writer.settle(wait=True)  # a donated key can't be read after
        return plan.any or donates

    def _sampler_call(
        self, start: FrameType, key: Any, arguments: Sequence[Any], program: Any
    ) -> bool:
        """A program of ``jax.random`` itself: the key given to the sampler is what is drawn from.

        Returns:
            Whether the program takes a key; what only prepares numbers is of no interest.
        """
        place = next((n for n, value in enumerate(arguments) if is_typed(value)), None)
        if place is None:
            return False
        if not self._same_sampler_call(start, key):
            result = next(iter(getattr(program, "out_avals", ())), None)
            site = self._eager(key, "draw", arguments[place], result, None)
            sharing = sharing_shards(program, place) if site is not None else 1
            if site is not None and sharing > 1:
                self.recording.inner_repeats.setdefault(site, {})["shards"] = sharing - 1
        return True

    def _compiled_sites(self, key: Any, plan: Any, program: str) -> list[int]:
        """The recorded site of each site of a plan, for a call from this stack."""
        outer, state = door.name_stack(), marks()
        name = (key, id(plan), outer, state)
        found = self._program_sites.get(name)
        if found is None:
            _, (call, library) = self._about(key)
            trail = frames.trail(key)
            made = [planned_site(planned, library, outer) for planned in plan.sites]
            with self._lock:
                first = len(self.recording.sites)
                self.recording.sites += [
                    replace(site, call=call, trail=trail, program=program, flags=site.flags | state)
                    for site in made
                ]
            found = list(range(first, first + len(made)))
            self._program_sites[name] = found
            self._kept.append(plan)
            self._count_unseen(plan)
        return found

    def _count_unseen(self, plan: Any) -> None:
        for reason, count in plan.unseen().items():
            self._unseen(reason, count)

    # Eager operations.

    def _key_operation(self, kind: str, arguments: Sequence[Any], result: Any) -> None:
        start = frames.here(3)
        key = frames.stack_key(start)
        sampler = self._about(key)[0]
        if sampler and sampler not in MAKERS:
            if not self._same_sampler_call(start, key):
                self._eager(key, "draw", arguments[0], result, None)
        elif kind == "draw":
            self._eager(key, kind, arguments[0], result, None)
        elif kind == "seed":
            self._eager(key, kind, given_seed(start, arguments[0]), result, None)
        else:
            parent, *data = arguments
            self._eager(key, kind, parent, result, data[0] if data else None)

    def _eager(self, key: Any, kind: str, parent: Any, result: Any, data: Any) -> int | None:
        """Record an operation; None outside of what is audited, where only seeds are of use."""
        inside = self._gate.draw(key) if kind == "draw" else self._gate.stage == "inside"
        if not inside and (kind != "seed" or self._gate.stage == "after"):
            return None
        site = self._eager_site(key, kind, parent, result)
        child = None if kind == "draw" else result
        self._writer.eager(self._next_call(), site, parent, child, data)
        return site

    def _eager_site(self, key: Any, kind: str, value: Any, result: Any) -> int:
        outer, state = door.name_stack(), marks()
        axes = value.ndim if "vmap(" in outer and is_typed(value) else 0
        name = (key, kind, axes, outer, state)
        found = self._sites.get(name)
        if found is not None:
            return found
        sampler, (user, library) = self._about(key)
        flags = flags_of(outer) | state
        if kind == "draw" and batches(outer, ()) > axes:
            flags |= {"vmap_shared"}
        if kind == "fold_in" and folds_float(frames.here(2)):
            flags |= {"float"}
        start = frames.here(2)
        drawn = drawn_shape(frames.sampler_frame(start), result) if kind == "draw" else ((), "")
        site = Site(
            kind=kind,
            distribution=sampler,
            shape=drawn[0],
            dtype=drawn[1],
            frames=user,
            library=library,
            trail=frames.trail(key),
            module_path=module_path(outer),
            scopes=outer,
            flags=flags,
        )
        with self._lock:
            found = self._sites[name] = len(self.recording.sites)
            self.recording.sites.append(site)
        return found

    def _about(self, key: Any) -> tuple[str, Any]:
        """The sampler that a stack is in, and its user and library frames."""
        about = self._stacks.get(key)
        if about is None:
            about = self._stacks[key] = (frames.sampler(key), frames.locations(key))
        return about

    def _same_sampler_call(self, start: FrameType, key: Any) -> bool:
        """Whether this belongs to the sampler call whose first use of the key is noted already.

        The call's frame is marked, since the next call's may lie at the same address. Where a debugger
        traces the frame, which takes the place of the mark, address and callers have to do.
        """
        frame = frames.sampler_frame(start)
        mark = frame.f_trace if frame is not None else None
        if isinstance(mark, _Noted):
            same = id(self) in mark.by
            mark.by.add(id(self))
            return same
        if frame is not None and mark is None:
            frame.f_trace = _Noted(self)
            return False
        local, call = self._local, (id(frame), frames.callers(key))
        if getattr(local, "sampler", None) == call and key not in local.seen:
            local.seen.add(key)
            return True
        local.sampler, local.seen = call, {key}  # the same stack once more: the next of two calls
        return False

    # What observers call.

    def note(self, kind: str, depth: int = 1, **fields: Any) -> None:
        """Keep what an observer saw, with the user's frames that led there; equal notes are counted.

        Args:
            kind: of the note.
            depth: how many frames of ours are innermost.
            fields: what was seen.
        """
        key = frames.stack_key(frames.here(depth))
        name = (kind, key, repr(fields))
        with self._lock:
            note = self._notes.get(name)
            if note is None:
                user = self._about(key)[1][0]
                note = self._notes[name] = Note(kind, user, fields, self.recording.calls, 0)
                self.recording.notes.append(note)
            note.count += 1

    def restored(self, depth: int = 1) -> None:
        """Note that the user's code gets back a saved state, and after how many calls."""
        user = self._about(frames.stack_key(frames.here(depth)))[1][0]
        if not user:
            return
        name = ("restored", user[0])
        with self._lock:
            note = self._notes.get(name)
            if note is None:
                note = self._notes[name] = Note(
                    "restored", user, {"uses": []}, self.recording.calls
                )
                self.recording.notes.append(note)
            note.fields["uses"].append(self.recording.calls)

    def place(self, depth: int = 1) -> Location | None:
        """The user's innermost line of the running code."""
        user = self._about(frames.stack_key(frames.here(depth)))[1][0]
        return user[0] if user else None

    def host(self, name: str) -> None:
        """Note the host's randomness where the user's own function asks for it while JAX traces."""
        frame: FrameType | None = frames.caller()
        while frame is not None and frame.f_code.co_filename.endswith(
            ("/random.py", "/functools.py")
        ):
            frame = frame.f_back
        if frame is not None and frames.is_user(frame.f_code.co_filename):
            self.note("host", depth=3, name=name)

    # Bookkeeping.

    def _in_job(self) -> bool:
        """Whether this is one process of several."""
        if self.recording.calls:  # JAX has started: to ask before would start it
            self.recording.process = (jax.process_index(), jax.process_count())
        return self.recording.process[1] > 1

    def _next_call(self) -> int:
        with self._lock:
            self.recording.calls += 1
            if self.step is not None:
                self.recording.steps[self.recording.calls] = self.step
            return self.recording.calls

    def _unseen(self, reason: str, count: int = 1) -> None:
        unseen = self.recording.unseen
        unseen[reason] = unseen.get(reason, 0) + count

    def finish(self, *, wait: bool = True) -> None:
        """Put all that was seen into the recording.

        Args:
            wait: for what the device is still computing; else that is left out.
        """
        self._in_job()
        self.recording.begun += self.letters.read()
        self._writer.hand_over(self.recording, wait=wait)

    def so_far(self) -> Recording:
        """What was seen so far, as a recording of its own, while the program goes on."""
        self._in_job()
        columns = Recording()
        self._writer.hand_over(columns, wait=False)
        now = self.recording
        with self._lock:
            return replace(
                now,
                sites=list(now.sites),
                notes=[replace(note) for note in now.notes],
                steps=now.steps.copy(),
                unseen=dict(now.unseen),
                threads=set(now.threads),
                inputs=dict(now.inputs),
                begun=[*now.begun, *self.letters.read()],
                inner_repeats={n: dict(each) for n, each in list(now.inner_repeats.items())},
                evidence={},
                keys=columns.keys,
                key_sites=columns.key_sites,
                key_calls=columns.key_calls,
                children=columns.children,
                parents=columns.parents,
                edge_sites=columns.edge_sites,
                edge_calls=columns.edge_calls,
                edge_data=columns.edge_data,
            )
