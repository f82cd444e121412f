"""`keystream diff` names the draw at which two runs part; `--after` finds what a resumed run repeats."""

import json

import pytest
from recorded import keystream, recorded

TRAIN = """\
import sys
import jax
import jax.numpy as jnp

seed, odd, extra = (int(word) for word in (sys.argv[1:] + ["0", "-1", "-1"][len(sys.argv) - 1 :]))


@jax.jit
def step(w, key):
    keep = jax.random.bernoulli(key, 0.5, w.shape)
    return w + jnp.where(keep, 0.1, 0.0)


key = jax.random.key(seed)
w = jax.random.normal(jax.random.fold_in(key, 1000), (4,))
for i in range(6):
    w = step(w, jax.random.fold_in(key, i + 50 * (i == odd)))
    if i == extra:
        w = w + jax.random.uniform(jax.random.fold_in(key, 77))
"""


def diff(first, second, *words):
    return keystream("diff", *words, first.name, second.name, cwd=first.parent)


def parted(first, second):
    done = keystream("diff", "--json", first, second, cwd=first.parent)
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    assert done.returncode == int(not document["same"])
    return document


def test_equal_runs_are_the_same(tmp_path):
    one, other = recorded(tmp_path, "a", TRAIN), recorded(tmp_path / "elsewhere", "b", TRAIN)
    other = other.rename(tmp_path / "b.parquet")
    done = diff(one, other)
    assert done.returncode == 0
    assert done.stdout == "a.parquet and b.parquet draw the same: 7 draws at 2 places\n"


def test_two_runs_are_shown_side_by_side(tmp_path):
    one, other = recorded(tmp_path, "a", TRAIN), recorded(tmp_path, "b", TRAIN, "1")
    done = diff(one, other, "--format", "html", "--output", "diff.html")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    page = (tmp_path / "diff.html").read_text()
    assert "<title>keystream: a.parquet and b.parquet</title>" in page
    assert "part at the first draw: normal got another key" in page  # for readers without scripts


def test_another_seed_parts_at_the_first_draw(tmp_path):
    one, other = recorded(tmp_path, "a", TRAIN), recorded(tmp_path, "b", TRAIN, "1")
    done = diff(one, other)
    assert done.returncode == 1
    assert done.stdout == (
        "a.parquet and b.parquet part at the first draw: normal got another key\n"
        "  where:  step 0, counted\n"
        "  place:  train.py:15 in <module>\n"
        "  a:      normal (4,) float32, key 0x9be6f6c94c3b2e28  (a.parquet)\n"
        "  b:      normal (4,) float32, key 0x4b216ce3d030e2c3  (b.parquet)\n"
        "  seeds:  key(0) at train.py:14 in <module> in a.parquet; key(1) at train.py:14 in <module> "
        "in\n          b.parquet\n"
        "  after:  2 of 2 places differ, in 7 draws of 7 and 7\n"
    )


def test_another_fold_at_one_step_parts_there_alone(tmp_path):
    found = parted(recorded(tmp_path, "a", TRAIN), recorded(tmp_path, "b", TRAIN, "0", "4"))
    (parting,) = found["partings"]
    assert (parting["how"], parting["equal_before"], parting["draws"]) == ("key", 5, 1)
    assert parting["a"]["step"] == parting["b"]["step"] == 4
    assert (parting["a"]["path"], parting["a"]["line"]) == ("train.py", 10)
    assert parting["a"]["key"] != parting["b"]["key"]
    assert found["seeds"] == []


def test_an_additional_draw_is_named_with_the_run_that_has_it(tmp_path):
    one = recorded(tmp_path, "a", TRAIN)
    other = recorded(tmp_path, "b", TRAIN, "0", "-1", "2")
    done = diff(one, other)
    assert done.returncode == 1
    assert done.stdout == (
        "a.parquet and b.parquet part after 4 equal draws: only b.parquet has this uniform\n"
        "  where:  step 0, counted\n"
        "  place:  train.py:19 in <module>\n"
        "  a:      no such draw  (a.parquet)\n"
        "  b:      uniform () float32, key 0xf7dfff213a077611  (b.parquet)\n"
        "  before: bernoulli at train.py:10 in step · step 2, counted\n"
        "  after:  1 of 3 places differs, in 1 draw of 7 and 8\n"
    )


def test_a_run_that_ends_earlier_parts_where_the_other_goes_on(tmp_path):
    one = recorded(tmp_path, "a", TRAIN)
    other = recorded(tmp_path, "b", TRAIN.replace("range(6)", "range(4)"))
    (parting,) = parted(one, other)["partings"]
    assert (parting["how"], parting["equal_before"], parting["draws"]) == ("more", 5, 2)
    assert parting["a"]["step"] == 4
    assert parting["b"] is None


def test_lines_that_moved_are_still_the_same_places(tmp_path):
    one = recorded(tmp_path, "a", TRAIN)
    other = recorded(tmp_path, "b", "# a comment\n" + TRAIN)
    done = diff(one, other)
    assert done.returncode == 0
    assert done.stdout == (
        "a.parquet and b.parquet draw the same: 7 draws at 2 places\n"
        "  note:   2 places on another line: the source changed between the runs\n"
    )


def test_another_shape_is_another_draw(tmp_path):
    one = recorded(tmp_path, "a", TRAIN)
    other = recorded(tmp_path, "b", TRAIN.replace("(4,)", "(5,)"))
    partings = parted(one, other)["partings"]
    assert [parting["a"]["distribution"] for parting in partings] == ["normal", "bernoulli"]
    for parting in partings:  # the eager draw and the compiled one
        assert parting["how"] == "shape"
        assert (parting["a"]["shape"], parting["b"]["shape"]) == ("(4,)", "(5,)")


THREADS = """\
import sys, threading
import jax

order, odd = sys.argv[1], int(sys.argv[2])
both = threading.Barrier(2)


@jax.jit
def draw(key):
    return jax.random.normal(key)


def work(number):
    both.wait()
    for i in range(20):
        draw(jax.random.fold_in(jax.random.key(number), i + 100 * (i == odd and number == 1)))


threads = [threading.Thread(target=work, args=(int(number),)) for number in order]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_take_turns_in_another_order_draw_the_same(tmp_path):
    one = recorded(tmp_path, "a", THREADS, "01", "-1")
    other = recorded(tmp_path, "b", THREADS, "10", "-1")
    assert parted(one, other)["same"]
    found = parted(one, recorded(tmp_path, "c", THREADS, "10", "7"))
    (parting,) = found["partings"]
    assert (parting["how"], parting["draws"]) == ("key", 1)
    assert parting["a"]["path"] == "train.py"


@pytest.mark.parametrize("words", [("a", "b"), ("train.py", "train.py")])
def test_what_is_no_record_exits_2_with_one_message(tmp_path, words):
    (tmp_path / "train.py").write_text("words")
    done = keystream("diff", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    said = "there is no record a\n", "the record train.py can't be read: "
    assert done.stderr.startswith(f"keystream diff: {said[words[0] == 'train.py']}")
    assert done.stderr.count("\n") == 4


# ---------------------------------------------------------------- a run after an earlier one

RESUME = """\
import sys
import jax
import keystream as ks

first, last, kind, says = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], len(sys.argv) > 4


@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)


def initial(key):
    return [jax.random.normal(each, (3,)) for each in jax.random.split(key, 3)]


root = jax.random.key(0)
w = sum(initial(jax.random.key(1)))
key = root
for i in range(first, last):
    if says:
        ks.step(i)
    if kind == "fold":
        step_key = jax.random.fold_in(root, i)
    else:
        key, step_key = jax.random.split(key)
    w = step(w, step_key)
"""


def resumed(tmp_path, first, second):
    """The findings of a run after another one."""
    recorded(tmp_path, "first", RESUME, *first)
    done = keystream(
        "audit", "--format", "json", "--after", "first.parquet", "train.py", *second, cwd=tmp_path
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)["findings"]


@pytest.mark.parametrize("says", [(), ("says",)], ids=["counted", "said"])
def test_a_resume_that_goes_on_is_clean(tmp_path, says):
    assert resumed(tmp_path, ("0", "5", "fold", *says), ("5", "12", "fold", *says)) == []


def test_a_resume_that_begins_its_keys_anew_is_a_warning(tmp_path):
    (found,) = resumed(tmp_path, ("0", "5", "split"), ("5", "10", "split"))
    assert (found["code"], found["severity"]) == ("KS202", "warning")
    assert found["message"] == (
        "normal drew again from 5 keys of first.parquet: steps 0 to 4 repeat its steps 0 to 4"
    )
    assert found["locations"][0]["line"] == 10
    assert found["related"][0]["message"] == "drew from them before, in first.parquet"


def test_a_resume_that_begins_its_keys_anew_is_an_error_where_both_say_their_steps(tmp_path):
    (found,) = resumed(tmp_path, ("0", "5", "split", "says"), ("5", "9", "split", "says"))
    assert (found["code"], found["severity"]) == ("KS202", "error")
    assert found["message"] == (
        "normal drew again from 4 keys of first.parquet: steps 5 to 8 repeat its steps 0 to 3"
    )
    assert found["steps"] == [5, 8]


def test_lost_steps_that_are_done_again_are_no_mistake_where_both_say_their_steps(tmp_path):
    assert resumed(tmp_path, ("0", "8", "fold", "says"), ("5", "12", "fold", "says")) == []


def test_lost_steps_that_are_done_again_are_a_note_where_steps_are_counted(tmp_path):
    (found,) = resumed(tmp_path, ("0", "8", "fold"), ("5", "12", "fold"))
    assert (found["code"], found["severity"]) == ("KS202", "note")
    assert found["message"] == (
        "normal drew again from 3 keys of first.parquet, of its last steps 5 to 7"
    )


def test_another_place_that_draws_from_the_keys_of_the_earlier_run_is_a_warning(tmp_path):
    recorded(tmp_path, "first", RESUME, "0", "5", "fold")
    (tmp_path / "tune.py").write_text(
        "import jax\nroot = jax.random.key(0)\n"
        "for i in range(4):\n    x = jax.random.uniform(jax.random.fold_in(root, i))\n"
    )
    done = keystream("audit", "--after", "first.parquet", "tune.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith(
        "tune.py:4:9: warning KS202 uniform drew again from 4 keys of first.parquet, which another "
        "place had drawn from at steps 0 to 3\n"
    )


def test_an_earlier_record_that_is_not_there_is_refused_before_the_program_runs(tmp_path):
    (tmp_path / "train.py").write_text("print('ran')\n")
    done = keystream("audit", "--after", "first.parquet", "train.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no record" in done.stderr
