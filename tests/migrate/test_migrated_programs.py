"""Training loops of the shapes that are out there: rewritten, they run, audit clean and draw by name."""

import runpy
from pathlib import Path

import pytest

import keystream as ks
from keystream._lint.source import Source, parse
from keystream._linter.editing import apply
from keystream._migrate.rewriting import migrations

PROGRAMS = Path(__file__).parent / "programs"

# program -> the streams that its masks are drawn from, and how many masks it draws.
EXPECTED = {
    "dataclass_state": ("drop", 4),
    "equinox_loop": ("train", 6),
    "flax_state": ("dropout", 4),
    "fori_carry": ("noise", 3),
    "haiku_sequence": ("main", 4),
    "haiku_state": ("dropout", 4),
    "linen_nested": ("dropout", 6),
    "nested_scans": ("bernoulli", 6),
    "nnx_argument": ("dropout", 4),
    "nnx_model": ("dropout", 4),
    "nnx_two_models": ("dropout", 20),
    "plain_nested": ("dropout", 6),
    "rng_parameter": ("drop", 6),
    "scan_carry": ("drop", 6),
}


def migrated(text):
    found = migrations(text, parse(Source("train.py", text)))
    assert not [migration.reason for migration in found if migration.reason]
    return apply(text, [edit for migration in found for edit in migration.edits])


def test_every_program_is_tried():
    assert {path.stem for path in PROGRAMS.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("program", EXPECTED)
def test_the_rewritten_program_runs_audits_clean_and_draws_from_named_streams(
    program, tmp_path, monkeypatch
):
    text = (PROGRAMS / f"{program}.py").read_text()
    after = migrated(text)
    assert migrated(after) == after
    for made in ("random.key(", "PRNGKey(", "nnx.Rngs(", "PRNGSequence("):
        assert made not in after  # every key there is comes from a name

    asked = set()

    def asking(method):
        def ask(self, name, step, *rest, **more):
            asked.add(name)
            return method(self, name, step, *rest, **more)

        return ask

    for name in ("key", "keys"):
        monkeypatch.setattr(ks.Streams, name, asking(getattr(ks.Streams, name)))
    rngs = ks.Streams.rngs

    def ask_all(self, step, **more):
        asked.update(self.declaration.runtime)
        return rngs(self, step, **more)

    monkeypatch.setattr(ks.Streams, "rngs", ask_all)
    path = tmp_path / f"{program}.py"
    path.write_text(after)
    with ks.audit() as audit:
        found = runpy.run_path(str(path))
    assert not audit.report.findings, audit.report.findings
    stream, count = EXPECTED[program]
    assert stream in asked
    assert len({tuple(mask.ravel().tolist()) for mask in found["masks"]}) == count
