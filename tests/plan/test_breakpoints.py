"""Conditions as text: every one that can be said is understood, and nothing else is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.errors import UsageError
from dlbench.plan.breakpoints import (
    AT_EVALUATIONS,
    COMPARISONS,
    TRENDS,
    Breakpoint,
    at_probes,
    in_variant,
    parse,
    pattern,
    watchable,
)

VARIANTS = st.none() | st.sampled_from(["relu", "relu+he, lr 0.01", "a in b", "<", "시그모이드"])
LIMITS = st.builds(
    Breakpoint,
    st.sampled_from(watchable()),
    st.sampled_from(COMPARISONS),
    st.floats(allow_nan=False, allow_infinity=False),
    VARIANTS,
)
TRENDING = st.builds(
    Breakpoint,
    st.sampled_from(AT_EVALUATIONS),
    st.sampled_from(TRENDS),
    st.integers(1, 999_999_999).map(float),
    VARIANTS,
)


@given(LIMITS | TRENDING)
def test_a_condition_and_its_text_are_one(condition: Breakpoint) -> None:
    """Whatever can be watched is written as a text that means exactly it, and that editors take for one."""
    assert parse(str(condition)) == condition
    assert re.search(pattern(), str(condition))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("first_last_gradient_ratio < 1e-6", Breakpoint("first_last_gradient_ratio", "<", 1e-6)),
        ("test_loss rises 3", Breakpoint("test_loss", "rises", 3)),
        ("update_ratio > 0.1 in relu", Breakpoint("update_ratio", ">", 0.1, "relu")),
        ("  zero_fraction>=1  in  relu, lr 0.01 ", Breakpoint("zero_fraction", ">=", 1, "relu, lr 0.01")),
        ("test_accuracy <= -5", Breakpoint("test_accuracy", "<=", -5)),
        ("batch_loss falls 10", Breakpoint("batch_loss", "falls", 10)),
    ],
)
def test_conditions_as_people_write_them(text: str, expected: Breakpoint) -> None:
    """The design's examples, and others with more or less space."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "'' is not a condition; write one such as 'first_last_gradient_ratio < 1e-6'"),
        ("first_last_gradient_ratio", "is not a condition"),
        ("first_last_gradient_ratio = 3", "is not a condition"),
        ("first_last_gradient_ratio < 1 in", "is not a condition"),
        (
            "first_last_gradient_rato < 1",
            "there is no metric or measure called 'first_last_gradient_rato'; did you mean 'first_last_gradient_ratio'?",
        ),
        ("qqq < 1", "there is no metric or measure called 'qqq'; there are train_loss, train_accuracy"),
        ("test_loss < low", "'<' takes a finite number, as in 'test_loss < 0.1', not 'low'"),
        ("test_loss < nan", "not 'nan'"),
        ("test_loss > inf", "not 'inf'"),
        ("test_loss > 1e999", "not '1e999'"),
        (
            "test_loss rises 0",
            "'rises' takes a whole number of evaluations, at least 1, as in 'test_loss rises 3', not '0'",
        ),
        ("test_loss falls 2.5", "not '2.5'"),
        ("test_loss falls 10000000000", "not '10000000000'"),
        ("gradient_norm rises 3", "'rises' follows evaluations, but gradient_norm is probed"),
        (
            "first_last_gradient_ratio falls 3",
            "but first_last_gradient_ratio is probed; write 'first_last_gradient_ratio < 0.1'",
        ),
    ],
)
def test_what_is_no_condition_is_told(text: str, what: str) -> None:
    """The error says what is wrong and what to write in its place."""
    with pytest.raises(UsageError) as error:
        parse(text)

    assert what in str(error.value)


def test_a_variant_that_is_not_there_is_told() -> None:
    """Where the variants are known, another one is refused with the nearest name, in the text and beside it."""
    for find in (
        lambda: parse("test_loss < 1 in rlu", ["relu", "tanh"]),
        lambda: in_variant(parse("test_loss < 1"), "rlu", ["relu"]),
    ):
        with pytest.raises(UsageError, match="no variant is called 'rlu'; did you mean 'relu'"):
            find()

    assert parse("test_loss < 1 in relu", ["relu"]) == in_variant(parse("test_loss < 1"), "relu", ["relu"])


@given(st.text())
def test_any_text_is_a_condition_or_an_error_of_one_line(text: str) -> None:
    """Whatever is typed raises nothing but a UsageError, which holds no control characters and is not long."""
    told = ""
    try:
        parse(text)
    except UsageError as error:
        told = str(error)

    assert told.isprintable()
    assert len(told) < 400


def test_names_are_watched_at_one_place_each() -> None:
    """A name is known after an evaluation or after a probe, never after both."""
    assert len(set(watchable())) == len(watchable()) == len(AT_EVALUATIONS) + len(at_probes())
