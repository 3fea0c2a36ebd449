"""The tasks: what can be learned of data, one class in one file each."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.parts.tasks.base import TASKS, Task, class_weights, task_of

import_modules(__name__)

__all__ = ["TASKS", "Task", "class_weights", "task_of"]
