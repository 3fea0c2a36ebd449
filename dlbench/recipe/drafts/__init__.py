"""A recipe for data of one's own, written from a look at it: `dlbench new`."""

from __future__ import annotations

from dlbench.recipe.drafts.looking import draft
from dlbench.recipe.drafts.model import RecipeDraft

__all__ = ["RecipeDraft", "draft"]
