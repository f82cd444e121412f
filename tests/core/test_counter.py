"""Packing: injective over the declared ranges, inverted by unpacking, stable ids."""

import math

from hypothesis import assume, given
from hypothesis import strategies as st
from reference import stream_id as reference_id

from keystream._counter import Radix, counter, split_counter, stream_id


@st.composite
def radices(draw):
    """Ranges that fit in 44 bits, with the edges of every field."""
    steps = draw(st.one_of(st.integers(2, 2**32), st.just(2**32), st.integers(2, 9)))
    sizes = draw(st.lists(st.integers(1, 2**13), max_size=4))
    assume(steps * math.prod(sizes) <= 2**44)
    return Radix(steps, tuple((f"c{place}", size) for place, size in enumerate(sizes)))


@st.composite
def names(draw):
    radix = draw(radices())
    step = draw(st.integers(0, radix.steps - 1))
    values = {name: draw(st.integers(0, size - 1)) for name, size in radix.coordinates}
    return radix, step, values


@given(names(), st.integers(0, 2**20 - 1))
def test_unpacking_inverts_packing_so_packing_is_injective(name, identifier):
    radix, step, values = name
    position = radix.pack(step, values)
    assert 0 <= position < 2**44
    words = counter(identifier, position)
    assert all(0 <= word < 2**32 for word in words)
    assert split_counter(*words) == (identifier, position)
    assert radix.unpack(position) == (step, values)


@given(radices())
def test_first_and_last_name_fill_the_range_exactly(radix):
    last = {name: size - 1 for name, size in radix.coordinates}
    assert radix.pack(0, {}) == 0
    assert radix.pack(radix.steps - 1, last) == radix.positions - 1
    assert radix.unpack(radix.positions) is None


def test_every_name_of_a_small_declaration_has_a_position_of_its_own():
    radix = Radix(7, (("replica", 3), ("microbatch", 5)))
    positions = [
        radix.pack(step, {"replica": replica, "microbatch": microbatch})
        for step in range(7)
        for replica in range(3)
        for microbatch in range(5)
    ]
    assert sorted(positions) == list(range(7 * 3 * 5))


@given(names())
def test_coordinates_of_zero_leave_the_position_of_the_step_alone(name):
    radix, step, values = name
    assert radix.pack(step, dict.fromkeys(values, 0)) == radix.pack(step, {}) == step


@given(st.text(min_size=1))
def test_ids_are_the_documented_hash_and_never_zero(name):
    assert stream_id(name) == reference_id(name)
    assert 1 <= stream_id(name) < 2**20


def test_ids_are_frozen():
    frozen = {"params": 950622, "dropout": 466818, "noise": 603763}
    assert {name: stream_id(name) for name in frozen} == frozen
