"""All readings of a recording, in one list."""

from __future__ import annotations

from keystream._audit import hosted, modes, streams
from keystream._audit.classify import repeated_keys
from keystream._audit.failures import failed
from keystream._audit.judged import Judged
from keystream._audit.recording import Recording
from keystream._audit.shared import shared_draws


def judged(recording: Recording) -> list[Judged]:
    """Every mistake that the evidence shows, each once."""
    streams.assign(recording)
    return [
        *failed(recording),
        *repeated_keys(recording),
        *shared_draws(recording),
        *streams.fallbacks(recording),
        *modes.rates(recording),
        *modes.switched(recording),
        *hosted.baked(recording),
        *hosted.unrepeatable(recording),
        *hosted.legacy(recording),
        *hosted.unseen(recording),
    ]
