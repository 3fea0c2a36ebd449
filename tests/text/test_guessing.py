"""What accuracy hides where classes are unequal."""

from dataclasses import replace

from synthetic_run import finished, make_plan, state_of

from dlbench.analysis.summary import report
from dlbench.data_facts import DataFacts
from dlbench.plan.questions import Compare, Questions
from dlbench.text.notes import notes_of

ACCURACY = {"blind": 0.7, "worse": 0.55, "better": 0.75}
FACTS = DataFacts(
    dataset="csv",
    shape=(4,),
    class_names=("no", "yes"),
    samples={"train": 60, "validation": 0, "test": 20},
    class_counts={"train": (40, 20), "validation": (0, 0), "test": (14, 6)},
    all_counts=(54, 26),
    left_out=0,
)


def told(facts):
    """The notes on guessing of a run of three variants, whose test accuracies are above."""
    plan = make_plan(list(ACCURACY))
    numbers = {"train_loss": 0.5, "train_accuracy": 0.9, "test_loss": 0.6}
    state = state_of(plan, finished(plan, lambda trial: numbers | {"test_accuracy": ACCURACY[trial.variant]}))
    state.data = {(0, 1, 2): facts}
    found = report(state, Questions(compare=Compare("test_accuracy", "blind", columns=["train_accuracy"])))
    return [note for note in notes_of(found) if "largest class" in note]


def test_who_always_says_the_largest_class_is_the_mark():
    """An accuracy is noted that is not above the share of the test samples of the class that is largest in the training."""
    assert told(FACTS) == [
        "test_accuracy no better than by always saying 'no', the largest class (0.7000): blind; worse"
    ]


def test_the_share_is_that_of_the_samples_that_are_asked():
    """Where the test samples have fewer of that class, guessing is worth less."""
    other = replace(FACTS, class_counts=FACTS.class_counts | {"test": (10, 10)})
    assert told(other) == []
    assert told(replace(other, class_counts=other.class_counts | {"test": (12, 8)})) == [
        "test_accuracy no better than by always saying 'no', the largest class (0.6000): worse"
    ]


def test_equal_classes_have_no_largest():
    """Nor have targets that are numbers, or classes that only the loaded labels would tell."""
    assert told(replace(FACTS, class_counts=FACTS.class_counts | {"train": (30, 30)})) == []
    assert told(replace(FACTS, class_counts=FACTS.class_counts | {"train": None})) == []
    assert told(replace(FACTS, class_counts={})) == []
