"""How a verb's help looks."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class Verb(TyperCommand):
    """A verb whose help names its arguments, as it names its options' values, and not their Python types."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters; what Typer would write behind an argument's name is left out."""
        params = super().get_params(ctx)
        for param in params:
            if param.param_type_name == "argument":
                param.display_type_rich = _nothing  # type: ignore[attr-defined]  # of Typer's own arguments
        return params


def _nothing(ctx: Any) -> None:
    del ctx
