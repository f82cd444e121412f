"""The demonstration as its user runs it: real digits, real training, in a process of its own."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import keystream as ks
from keystream._cli import demo as command
from keystream._cli import main
from keystream._demo import digits, proof, render, twin
from keystream.errors import UntestedJaxError

ROOT = Path(__file__).parents[2]
ONE_DEVICE = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"}
ONE_DEVICE["PYTHONPATH"] = str(Path(ks.__file__).parents[1])  # whatever the working directory


def demo(*words, cwd, code=None):
    command = ["-c", code] if code else ["-m", "keystream", "demo", *words]
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=ONE_DEVICE | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """One whole run, with its folder."""
    folder = tmp_path_factory.mktemp("demo")
    return demo(cwd=folder), folder


def test_a_whole_run_reads_digits_well_and_proves_that_it_can_be_repeated(done):
    run, _ = done
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    accuracy = next(line for line in lines if line.startswith("Test accuracy"))
    assert accuracy.endswith(", above the 0.95 that it had to reach.")
    assert float(accuracy.split()[2].rstrip(",")) > 0.95
    assert "Learning curves: keystream-demo.png" in lines
    rows = {line.split("  ")[1]: line.split() for line in lines if line.startswith("  seed")}
    digest = rows["seed 0"][-1]
    assert rows["seed 0 again"][-3:] == [digest, "the", "same"]
    assert rows["seed 0, resumed after epoch 15"][-3:] == [digest, "the", "same"]
    assert rows["seed 1"][-1] == "another"
    assert rows["seed 1"][-2] != digest
    assert "Reproducible: one seed, one set of parameters, to the last bit." in lines


def of_the_demo_itself(printed):
    """What is printed before the broken twin's report, whose paths and excerpts have their own width."""
    return printed.partition("What `keystream audit` says of it:")[0]


def test_it_audits_itself_and_says_that_every_draw_had_a_key_of_its_own(done):
    said = " ".join(of_the_demo_itself(done[0].stdout).split())
    # 22 x 30 steps of 7 draws, 30 shuffles, and init: 8 layers' weights, 7 draws thrown away
    assert (
        "The training from seed 0 was audited while it ran: nothing found. 4665 draws from 4665"
        " distinct keys: from drop_path, dropout, mask, noise, params and shuffle. After the first,"
        " an epoch took " in said
    )
    assert re.search(r"an epoch took \d+ ms; again, without the audit, \d+ ms\.", said)


def test_the_report_of_the_broken_twin_names_its_three_mistakes_on_their_lines(done):
    report = done[0].stdout.partition("What `keystream audit` says of it:")[2]
    source = twin.PROGRAM.read_text(encoding="utf-8").splitlines()
    heads = re.findall(r"^(\S+):(\d+):\d+: (\w+) (KS\d+) ", report, re.MULTILINE)
    assert [(severity, code) for _, _, severity, code in heads] == [
        ("error", "KS106"),
        ("warning", "KS201"),
        ("note", "KS404"),
    ]
    assert {Path(path) for path, *_ in heads} == {twin.PROGRAM}
    lines = [source[int(line) - 1] for _, line, *_ in heads]
    assert "mask_key = jax.random.key(1)  # Wrong" in lines[0]
    assert "train_step(" in lines[1]
    assert "nn.Dropout(0.1" in lines[2]
    assert all(f"| {line}" in report for line in lines)  # the excerpts


def test_it_ends_with_a_page_to_read_and_a_command_to_run(done):
    assert done[0].stdout.endswith(
        "\n\nRead:  docs/audit.md, what the audit sees and what it does not\n"
        "Next:  keystream audit train.py, with a program of yours\n"
    )


def test_the_table_has_a_row_an_epoch(done):
    rows = [line.split() for line in of_the_demo_itself(done[0].stdout).splitlines()]
    numbers = [int(row[0]) for row in rows if len(row) == 4 and row[0].isdigit()]
    assert numbers == list(range(1, 31))


def test_in_a_pipe_there_is_neither_progress_nor_colour_and_80_columns_suffice(done):
    run, _ = done
    assert run.stderr == ""
    assert "\x1b" not in run.stdout
    printed = of_the_demo_itself(run.stdout)
    assert printed.isascii()
    assert max(map(len, printed.splitlines())) <= 80
    assert all(line == line.rstrip() for line in run.stdout.splitlines())


def test_the_introduction_says_what_each_stream_draws(done):
    assert tuple(render.DRAWS) == digits.declare(0).names
    for stream, draws in render.DRAWS.items():
        assert f"\n  {stream:<9}  {draws}\n" in done[0].stdout


def test_the_picture_is_a_png_of_some_size(done):
    content = (done[1] / "keystream-demo.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Two epochs from seed 3 as JSON; the errors go to a terminal. What came to each, and the folder."""
    folder = tmp_path_factory.mktemp("short")
    ours, theirs = pty.openpty()
    words = ["demo", "--seed", "3", "--epochs", "2", "--json", "--no-picture"]
    with subprocess.Popen(
        [sys.executable, "-m", "keystream", *words],
        cwd=folder,
        env=ONE_DEVICE | {"COLUMNS": "80", "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        printed = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0, shown
    return printed.decode(), shown.decode(), folder


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux: the last writer has closed it
        return b""


def test_json_holds_what_the_text_shows(short):
    printed, _, folder = short
    document = json.loads(printed)
    assert list(document) == [
        "seed",
        "epochs",
        "test_accuracy",
        "reproducible",
        "picture",
        "runs",
        "audit",
        "broken_twin",
        "versions",
    ]
    assert (document["seed"], document["epochs"]) == (3, 2)
    assert (document["reproducible"], document["picture"]) == (True, None)
    titles = [one["title"] for one in document["runs"]]
    assert titles == ["seed 3", "seed 3 again", "seed 3, resumed after epoch 1", "seed 4"]
    assert [one["seed"] for one in document["runs"]] == [3, 3, 3, 4]
    assert [one["begins_after"] for one in document["runs"]] == [0, 0, 1, 0]
    assert [one["same_as_first"] for one in document["runs"]] == [True, True, True, False]
    assert all(one["as_planned"] for one in document["runs"])
    assert [len(one["epochs"]) for one in document["runs"]] == [2, 2, 1, 2]
    # Same step, same keys: the resumed run's epoch is the first run's second one.
    assert document["runs"][2]["epochs"] == document["runs"][0]["epochs"][1:]
    assert list(document["runs"][0]["epochs"][0]) == ["loss", "train", "test"]
    assert document["test_accuracy"] == document["runs"][0]["epochs"][-1]["test"]
    assert [one["audited"] for one in document["runs"]] == [True, False, False, False]
    assert [one["epoch_seconds"] is None for one in document["runs"]] == [False, False, True, False]
    assert document["audit"]["findings"] == []
    assert document["audit"]["summary"]["draws"] == document["audit"]["summary"]["unique_keys"]
    codes = [finding["code"] for finding in document["broken_twin"]["findings"]]
    assert codes == ["KS106", "KS201", "KS404"]
    assert document["versions"]["keystream"] == ks.__version__
    assert document["versions"]["jax"] == jax.__version__
    assert list(folder.iterdir()) == []


def test_on_a_terminal_a_bar_shows_the_progress_and_then_goes(short):
    _, shown, _ = short
    assert "compiling" in shown
    assert "seed 4 · test accuracy" in shown
    assert "7/7" in shown
    assert shown.rstrip().endswith("\x1b[1A\x1b[2K")  # up one line, and clear it


def test_the_example_alone_without_an_audit_prints_the_digests_of_the_command(short, tmp_path):
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "digits.py"), "3", "2"],
        cwd=tmp_path,
        env=ONE_DEVICE,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    lines = run.stdout.splitlines()
    printed = [line.split()[1] for line in lines if line.startswith("parameters ")]
    runs = {one["title"]: one["parameters_sha256"] for one in json.loads(short[0])["runs"]}
    assert printed == [runs["seed 3"], runs["seed 3 again"], runs["seed 4"]]
    assert lines[-2:] == [
        "same seed, same parameters: True",
        "other seed, other parameters: True",
    ]


def test_an_interrupt_ends_it_with_130_and_no_traceback(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "keystream", "demo"],
        cwd=tmp_path,
        env=ONE_DEVICE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()  # JAX is there, training begins: XLA compiles for seconds
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (130, b"")
    assert list(tmp_path.iterdir()) == []


PICTURE = (
    "  where: keystream demo --picture\n"
    "  why:   the learning curves are drawn there once training is done\n"
    "  fix:   keystream demo --picture curves.png, or --no-picture\n"
    "  KS002 value-out-of-range (keystream rule KS002)\n"
)
PAGE = (
    "  where: keystream demo --html\n"
    "  why:   the reports of the audits are written there, the second with -broken in its name\n"
    "  fix:   keystream demo --html report.html\n"
    "  KS002 value-out-of-range (keystream rule KS002)\n"
)
EPOCHS = (
    "  where: keystream demo --epochs\n"
    "  why:   every run is trained for that many passes over the images\n"
    "  fix:   keystream demo --epochs 30\n"
    "  KS002 value-out-of-range (keystream rule KS002)\n"
)
SEED = (
    "  where: Streams\n"
    "  why:   JAX would keep its lowest 32 bits and give two seeds one key, in silence\n"
    "  fix:   pass a seed in that range, or make one of anything else: ks.seed(...)\n"
    "  KS002 value-out-of-range (keystream rule KS002)\n"
)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", "0"], f"epochs is 0, but must be in [1, 10000]\n{EPOCHS}"),
        (["--epochs", "10001"], f"epochs is 10001, but must be in [1, 10000]\n{EPOCHS}"),
        (["--seed", "-1"], f"seed -1 is outside [0, 2**32)\n{SEED}"),
        (["--seed", "4294967296"], f"seed 4294967296 is outside [0, 2**32)\n{SEED}"),
        (["--picture", "a.txt"], f"'a.txt' does not end in .png, .svg or .pdf\n{PICTURE}"),
        (["--picture", "no/a.png"], f"'no/a.png' is not a file in a folder that exists\n{PICTURE}"),
        (["--picture", "d.png"], f"'d.png' is not a file in a folder that exists\n{PICTURE}"),
        (["--html", "a.txt"], f"'a.txt' does not end in .html or .htm\n{PAGE}"),
        (["--html", "no/a.html"], f"'no/a.html' is not a file in a folder that exists\n{PAGE}"),
    ],
)
def test_a_bad_option_is_refused_before_anything_runs(
    tmp_path, capsys, monkeypatch, words, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.png").mkdir()
    assert main(["demo", *words]) == 2
    assert capsys.readouterr() == ("", f"keystream demo: {message}")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file here that is full")
def test_a_picture_that_can_not_be_written_after_all_costs_no_result(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full.png").symlink_to("/dev/full")
    assert main(["demo", "--epochs", "1", "--picture", "full.png"]) == 2
    printed, errors = capsys.readouterr()
    what = "'full.png' can't be written: No space left on device"
    assert errors == f"keystream demo: {what}\n{PICTURE}"
    assert "Learning curves" not in printed
    assert "\n\nReproducible: one seed, one set of parameters, to the last bit.\n" in printed
    assert "streams dropout, params)" in " ".join(printed.split())


def test_a_library_that_is_missing_is_named_with_the_way_to_install_it(tmp_path):
    blocked = "import sys; sys.modules['sklearn'] = None\n"
    code = blocked + "from keystream._cli import main; sys.exit(main(['demo']))"
    run = demo(cwd=tmp_path, code=code)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "keystream demo: keystream demo needs 'sklearn', which is not installed\n"
        "  why:   only some users need it, so keystream comes without\n"
        "  fix:   python -m pip install scikit-learn\n"
        "  KS007 missing-extra (keystream rule KS007)\n"
    )


def test_the_example_is_the_program_that_the_command_runs():
    example = (ROOT / "examples" / "digits.py").read_text(encoding="utf-8")
    assert example == Path(digits.__file__).read_text(encoding="utf-8")
    assert len(example.splitlines()) <= 150
    assert command._EPOCHS == digits.EPOCHS  # --help says how many without loading the program


def test_the_broken_example_is_the_program_that_the_command_runs():
    example = (ROOT / "examples" / "digits_broken.py").read_text(encoding="utf-8")
    assert example == twin.PROGRAM.read_text(encoding="utf-8")
    assert len(example.splitlines()) <= 75


@pytest.mark.parametrize(
    ("words", "code", "closing"),
    [
        (["examples/digits.py", "0", "1"], 0, "keystream audit: nothing found ("),
        (["examples/digits_broken.py"], 1, "keystream audit: 1 error, 1 warning, 1 note ("),
    ],
)
def test_the_audit_of_the_examples_says_which_one_is_broken(words, code, closing):
    run = subprocess.run(
        [sys.executable, "-m", "keystream", "audit", *words],
        cwd=ROOT,
        env=ONE_DEVICE,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == code, run.stderr
    assert f"\n{closing}" in run.stdout


def test_the_pages_of_both_audits_are_written(tmp_path, capsys):
    page = tmp_path / "report.html"
    assert main(["demo", "--epochs", "1", "--no-picture", "--html", str(page)]) == 0
    printed = capsys.readouterr().out
    assert "an epoch took" not in printed  # the only one compiles
    assert "keystream audit: nothing found" in page.read_text(encoding="utf-8")
    broken = (tmp_path / "report-broken.html").read_text(encoding="utf-8")
    assert all(code in broken for code in ("KS106", "KS201", "KS404"))
    assert "mask_key = jax.random.key(1)" in broken


def test_the_broken_twin_leaves_the_interpreter_as_it_was():
    before = sys.argv, list(sys.path), sys.modules["__main__"], sys.modules.get("digits")
    done = twin.run()
    assert before == (sys.argv, sys.path, sys.modules["__main__"], sys.modules.get("digits"))
    losses = [float(line.split()[-1]) for line in done.printed.splitlines()]
    assert losses[1] < losses[0]  # nothing in what it prints tells


def test_the_audit_of_the_demo_sees_a_mistake_that_is_put_into_its_program(monkeypatch):
    right = digits.train_step
    wrong = lambda state, streams, batch, step: right(state, streams, batch, 0)  # noqa: E731
    monkeypatch.setattr(digits, "train_step", wrong)
    plans = [proof.Plan("seed 0", 0, 0, same=True, audited=True)]
    runs = list(proof.carry_out(plans, 1, lambda plan, epoch: None))
    assert "KS201" in {finding.code for finding in runs[0].report.findings}
    assert render.audited(runs).startswith(
        "NOT CLEAN: the audit of the training from seed 0 found\n"
    )


def test_where_jax_can_not_be_looked_into_it_trains_all_the_same(monkeypatch, capsys):
    def no_door(_):
        raise UntestedJaxError("untested", where="here", why="so", fix="thus")

    monkeypatch.setattr("keystream._jax_door.open_door", no_door)
    assert main(["demo", "--epochs", "1", "--no-picture"]) == 0
    said = "\nNot audited: this version of JAX can't be looked into (keystream rule KS011).\n"
    assert said in capsys.readouterr().out


def test_an_output_that_has_no_arrows_gets_a_report_without_them(monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", output)
    command._say("key(1) → fold_in(0)")
    assert output.buffer.getvalue() == b"key(1) ? fold_in(0)\n"


def test_the_model_draws_from_four_streams_in_training_and_from_none_in_evaluation():
    images = np.zeros((2, 64), np.float32)
    training = ks.linen.needs(digits.MODEL, images, deterministic=False)
    evaluation = ks.linen.needs(digits.MODEL, images, deterministic=True)
    assert set(training.apply) == set(digits.declare(0).names) - {"params", "shuffle"}
    assert evaluation.apply == {}


def test_every_stream_of_the_program_decides_something():
    data = digits.load()

    def trained(seeds):
        streams = ks.Streams(seeds)
        state = digits.initial_state(streams)
        (state, _), *_ = digits.train(state, streams, data, range(1))
        return digits.digest(state)

    seeds = {name: place for place, name in enumerate(digits.declare(0).names)}
    outcomes = {trained(seeds)}
    for name in seeds:
        outcomes.add(trained(seeds | {name: 100}))
    assert len(outcomes) == len(seeds) + 1


def test_a_run_that_does_not_come_out_as_planned_is_marked():
    wrong = [
        proof.Plan("seed 0", 0, 0, same=True),
        proof.Plan("seed 0, expected to differ", 0, 0, same=False),
        proof.Plan("seed 1, expected to agree", 1, 0, same=True),
    ]
    runs = list(proof.carry_out(wrong, 1, lambda plan, epoch: None))
    assert [run.as_planned for run in runs] == [True, False, False]


def test_a_saved_state_holds_arrays_of_numbers_alone():
    streams = digits.declare(0)
    leaves = jax.tree.leaves(digits.initial_state(streams))
    assert all(np.asarray(leaf).dtype.kind in "fi" for leaf in leaves)


def outcome(*runs, needed):
    """The text of made-up runs: title, same, digest, test accuracy."""
    first = runs[0][2]
    made = [
        proof.Run(
            proof.Plan(title, 0, 0, same),
            (proof.Epoch(0.5, 1.0, test),),
            digest,
            (digest == first) == same,
        )
        for title, same, digest, test in runs
    ]
    return render.outcome(made, None, needed)


def test_what_went_wrong_is_said():
    first = ("seed 0", True, "a" * 64, 0.25)
    again = ("seed 0 again", True, "b" * 64, 0.5)
    other = ("seed 1", False, "a" * 64, 0.5)
    assert outcome(first, again, other, needed=0.95) == (
        "Test accuracy 0.2500, TOO LOW: it had to be above 0.95.\n"
        "\n"
        "The parameters at the end, as the first digits of their SHA-256:\n"
        "\n"
        "  seed 0        aaaaaaaaaaaaaaaa\n"
        "  seed 0 again  bbbbbbbbbbbbbbbb  another, WRONG\n"
        "  seed 1        aaaaaaaaaaaaaaaa  the same, WRONG\n"
        "\n"
        "NOT REPRODUCIBLE: a line above is marked WRONG."
    )


def test_a_short_run_is_not_held_to_an_accuracy():
    first = ("seed 0", True, "a" * 64, 0.25)
    assert outcome(first, needed=None).splitlines()[0] == "Test accuracy 0.2500."
