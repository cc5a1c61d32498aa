"""Walks over graphs, beside the plain meaning of what is reached."""

from hypothesis import given
from hypothesis import strategies as st

from qfs.scan.solver.reach import gathered, leads

PLACES = range(8)
graphs = st.dictionaries(
    st.sampled_from(PLACES), st.lists(st.sampled_from(PLACES), max_size=4), max_size=8
)
some = st.frozensets(st.sampled_from(PLACES))


def reached(after: dict[int, list[int]], at: int) -> set[int]:
    """Return every place to which some number of steps leads, itself included."""
    out = {at}
    for _step in PLACES:
        out |= {each for place in out for each in after.get(place, ())}
    return out


@given(after=graphs, own=some)
def test_a_place_has_the_bits_of_all_that_come_after_it_and_no_others(
    after: dict[int, list[int]], own: frozenset[int]
) -> None:
    found = gathered({at: 1 << at for at in own}, after)
    assert all(found.values())
    for at in PLACES:
        assert found.get(at, 0) == sum([1 << each for each in reached(after, at) & own])


@given(before=graphs, goals=some, starts=some, closed=some)
def test_a_way_leads_to_a_goal_that_is_reached_backwards_without_a_closed_place(
    before: dict[int, list[int]], goals: frozenset[int], starts: frozenset[int],
    closed: frozenset[int],
) -> None:  # fmt: skip
    open_ = {
        at: [each for each in places if each not in closed]
        for at, places in before.items()
        if at not in closed
    }
    there = set().union(*[reached(open_, at) for at in goals - closed])
    assert leads(goals, before, starts, closed) == bool(there & starts)


def test_a_long_way_and_a_ring_need_no_deep_recursion() -> None:
    line = {at: [at + 1] for at in range(50_000)}
    assert gathered({50_000: 1}, line)[0] == 1
    ring = {**line, 50_000: [0]}
    assert set(gathered({7: 2}, ring).values()) == {2}
