"""The syntax around a line, the batch that a draw is in, and whether a draw measures or samples."""

import ast
import gc
import linecache
import os
import weakref

import pytest
from written import write

from keystream._evidence.batches import batched_names
from keystream._evidence.measuring import measured_at, samples
from keystream._evidence.source import (
    argument,
    called,
    hold,
    loops_at,
    modules_around,
    scope_of,
    source_of,
    spans,
)
from keystream._evidence.source import statement as statement_at
from keystream._evidence.uses import Site
from keystream._findings import Location

# Lines, statements, functions.


def test_the_innermost_statement_of_a_line_is_found(tmp_path):
    source = write(tmp_path, "def f():\n    for x in xs:\n        a = (1,\n             step(x))\n")
    node = statement_at(source.at("step("))
    assert isinstance(node, ast.Assign)
    scope = scope_of(source.at("step("))
    assert isinstance(scope, ast.FunctionDef)
    assert scope.name == "f"


def test_a_line_of_a_module_is_in_the_module_and_an_empty_one_in_nothing(tmp_path):
    source = write(tmp_path, "a = 1\n\nb = 2\n")
    assert isinstance(scope_of(source.at("a")), ast.Module)
    assert scope_of(Location(source.path, 2)) is None
    assert statement_at(Location(source.path, 2)) is None


@pytest.mark.parametrize("text", ["def f(:\n", "a = '\0'\n"])
def test_a_file_that_is_no_python_has_no_syntax(tmp_path, text):
    source = tmp_path / "broken.py"
    source.write_text(text, encoding="utf-8")
    assert source_of(str(source)) is None
    assert scope_of(Location(str(source), 1)) is None
    assert loops_at(Location(str(source), 1)) == ()


def test_a_file_in_another_encoding_has_no_syntax(tmp_path):
    path = tmp_path / "latin.py"
    path.write_bytes(b"a = '\xe9'\n")
    assert source_of(str(path)) is None


def test_a_file_that_was_written_anew_is_read_anew(tmp_path):
    path = write(tmp_path, "a = 1\n").path
    assert isinstance(statement_at(Location(path, 1)), ast.Assign)
    write(tmp_path, "for a in b:\n    pass\n")
    os.utime(path, ns=(1, 1))
    assert isinstance(statement_at(Location(path, 1)), ast.For)


def test_a_cell_of_a_notebook_is_read_where_python_keeps_its_lines(monkeypatch):
    monkeypatch.setitem(linecache.cache, "<cell 1>", (6, None, ["a = 1\n"], "<cell 1>"))
    assert isinstance(statement_at(Location("<cell 1>", 1)), ast.Assign)
    assert source_of("<cell 2>") is None


@pytest.mark.parametrize(
    ("line", "column", "covered"),
    [(1, 0, True), (1, 5, True), (1, 4, False), (1, 9, True), (2, 1, True), (2, 3, False), (3, 0, False)],
)  # fmt: skip
def test_a_node_spans_a_place_by_its_line_and_its_column_where_there_is_one(line, column, covered):
    node = ast.parse("a = step(x,\ny)\nb = 2").body[0]
    assert isinstance(node, ast.Assign)
    assert spans(node.value, Location("a.py", line, column)) is covered


def test_loops_stand_innermost_first_and_end_at_their_function(tmp_path):
    source = write(
        tmp_path,
        "for e in es:\n    def f():\n        while True:\n            for x in xs:\n"
        "                a = [step(x, y) for y in ys]\n",
    )
    kinds = [type(loop) for loop in loops_at(source.at("step("))]
    assert kinds == [ast.comprehension, ast.For, ast.While]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("while step(k):\n    pass", 1),  # a condition runs in each turn
        ("for x in step(k):\n    pass", 0),  # what a loop runs over does not
        ("a = [y for y in step(k)]", 0),
        ("a = [y for x in xs for y in step(x)]", 1),
        ("a = [y for y in ys if step(y)]", 1),
        ("a = {step(y): 1 for y in ys}", 1),
        ("a = {1: step(y) for y in ys}", 1),
        ("for x in xs:\n    pass\nelse:\n    step(k)", 0),
    ],
)
def test_what_a_loop_repeats_is_in_it(tmp_path, text, count):
    assert len(loops_at(write(tmp_path, text).at("step("))) == count


def test_a_keyword_of_a_call_is_found_on_its_line(tmp_path):
    source = write(tmp_path, "a = f(\n    x,\n    rate=0.1,\n)")
    assert argument(source.at("f("), "rate").line == 3
    assert argument(source.at("f("), "mode") == source.at("f(")


@pytest.mark.parametrize(
    ("text", "name"), [("a.b.c", "c"), ("f", "f"), ("f()", ""), ("'text'", "")]
)
def test_the_last_name_of_what_is_called_counts(text, name):
    assert called(ast.parse(text, mode="eval").body) == name


# The batch that a draw is in.

BATCHES = {
    "all": ("def f(x, k):\n    return draw(k)\njax.vmap(f)(xs, ks)", ["x", "k"]),
    "by keyword": ("def f(x, k):\n    return draw(k)\njax.vmap(f, in_axes=(0, None))(xs, k)", ["x"]),
    "by place": ("def f(x, k):\n    return draw(k)\njax.vmap(f, (None, 0))(x, ks)", ["k"]),
    "one axis": ("def f(x, k):\n    return draw(k)\njax.vmap(f, in_axes=0)(xs, ks)", ["x", "k"]),
    "of a method": ("class A:\n    def f(self, k):\n        return draw(k)\n    def g(self):\n"
                    "        return eqx.filter_vmap(self.f)(ks)", ["k"]),
    "of a lambda": ("jax.vmap(lambda x, k: draw(k))(xs, ks)", ["x", "k"]),
    "of another function": ("def f(x, k):\n    return draw(k)\njax.vmap(g)(xs, ks)", None),
    "none": ("def f(x, k):\n    return draw(k)\nf(x, k)", None),
    "a list of nothing": ("def f(k):\n    return draw(k)\njax.vmap(f, [None])(k)", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "names"), BATCHES.values(), ids=BATCHES)
def test_the_names_of_a_batch_are_those_that_vmap_runs_over(tmp_path, text, names):
    place = write(tmp_path, text).at("draw(")
    if "lambda" in text:
        place = Location(place.path, place.line, place.column, "<lambda>")
    found = batched_names((place,))
    assert (found[1] if found is not None else None) == names


def test_a_lambda_on_another_line_is_in_no_batch(tmp_path):
    source = write(tmp_path, "f = lambda k: draw(k)\njax.vmap(lambda k: g(k))(ks)")
    place = source.at("draw(")
    assert batched_names((Location(place.path, place.line, place.column, "<lambda>"),)) is None
    assert batched_names((Location("gone.py", 1),)) is None


# Whether a draw measures, or samples.


def test_a_result_that_the_loop_goes_on_with_measures_nothing(tmp_path):
    source = write(tmp_path, "for x in xs:\n    w = step(w, x, k)")
    assert measured_at((source.at("step("),)) is None


def test_a_result_that_is_looked_at_is_measured_at_its_line(tmp_path):
    source = write(tmp_path, "for x in xs:\n    print(step(w, x, k))")
    assert measured_at((source.at("step("),)) == source.at("step(")


def test_a_result_that_is_returned_is_measured_where_the_caller_looks_at_it(tmp_path):
    source = write(tmp_path, "def f(w):\n    return step(w)\nprint(f(w))")
    assert measured_at((source.at("step("), source.at("f(w))"))) == source.at("f(w))")
    assert measured_at((source.at("step("),)) == source.at("step(")
    assert measured_at(()) is None


SAMPLED = {
    "a key made in the call": "for i in range(9):\n    y = draw(x, fold_in(k, i))",
    "a key made before": "for i in range(9):\n    k = fold_in(root, i)\n    y = draw(x, k)",
    "keys that the loop runs over": "for k in split(root, 9):\n    y = draw(x, k)",
    "keys by name": "ks = split(root, 9)\nfor k in ks:\n    y = draw(x, k)",
    "counted keys": "for i, k in enumerate(split(root, 9)):\n    y = draw(x, k)",
    "keys of a comprehension": "y = [draw(x, k) for k in split(root, 9)]",
}
NOT_SAMPLED = {
    "data that varies": "for x in xs:\n    y = draw(x, k)",
    "data and key": "for x, k in zip(xs, split(root, 9)):\n    y = draw(x, k)",
    "counted data and key": "for i, (x, k) in enumerate(zip(xs, split(root, 9))):\n    y = draw(x, k)",
    "nothing": "for i in range(9):\n    y = draw(x, k)",
    "no loop": "y = draw(x, split(k)[0])",
}


def drawn(folder, text, *, fresh=False):
    place = write(folder, text).at("draw(")
    return samples(Site("draw", frames=(place,)), (place,), fresh=fresh)


@pytest.mark.parametrize("text", SAMPLED.values(), ids=SAMPLED)
def test_an_input_that_is_given_several_keys_is_sampled_from(tmp_path, text):
    assert drawn(tmp_path, text)


@pytest.mark.parametrize("text", NOT_SAMPLED.values(), ids=NOT_SAMPLED)
def test_an_input_that_varies_is_not_sampled_from(tmp_path, text):
    assert not drawn(tmp_path, text)


def test_an_object_that_counts_its_draws_is_sampled_from(tmp_path):
    text = "for _ in range(9):\n    y = draw(x)"
    assert drawn(tmp_path, text, fresh=True)
    assert not drawn(tmp_path, text)
    assert not drawn(tmp_path, f"{text}\n    train(x)", fresh=True)


def test_a_batch_of_keys_alone_samples_unless_it_shares_its_draw(tmp_path):
    source = write(tmp_path, "def f(k):\n    return draw(k)\njax.vmap(f)(ks)")
    assert samples(Site("draw", frames=(source.at("draw("),)), (), fresh=False)
    shared = Site("draw", frames=(source.at("draw("),), flags=frozenset({"vmap_shared"}))
    assert not samples(shared, (), fresh=False)


def test_a_tree_that_nobody_holds_any_more_is_given_back(tmp_path):
    path = str(tmp_path / "module.py")
    tree = ast.parse("def f(xs):\n    return [x for x in xs]\n")
    hold(path, tree)
    found = source_of(path)
    assert list(modules_around(found.tree.body[0])) == [tree]
    kept = weakref.ref(tree)
    del tree, found
    gc.collect()
    assert kept() is None
