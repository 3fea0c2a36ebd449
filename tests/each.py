"""One promise about each of hundreds of cases, in one test: a test of its own costs pytest more than such a promise does."""

import pytest

ParameterSet = type(pytest.param(0))


def each(names, cases, ids=None):
    """Like `pytest.mark.parametrize`, for promises that want no fixtures: all cases are tried, and those that fail are named."""
    cases, count = list(cases), len(names.split(",")) if isinstance(names, str) else len(names)
    told = ids if callable(ids) else str

    def decorate(promise):
        def test():
            wrong = []
            for place, case in enumerate(cases):
                given = case.values if isinstance(case, ParameterSet) else (case,) if count == 1 else case
                try:
                    promise(*given)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # told with all others below
                    name = ids[place] if isinstance(ids, list) else "-".join(map(told, given))
                    error.add_note(f"of the case {name}")
                    wrong.append(error)
            assert cases
            if wrong:
                raise BaseExceptionGroup(f"{len(wrong)} of {len(cases)} cases", wrong)

        test.__name__, test.__qualname__, test.__doc__ = promise.__name__, promise.__qualname__, promise.__doc__
        test.__module__ = promise.__module__
        return test

    return decorate
