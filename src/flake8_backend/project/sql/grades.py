"""The scales by which rules judge values, apart from what finds them: rules are loaded where nothing is analysed."""

from __future__ import annotations

import enum


class Origin(enum.IntEnum):
    """Who chooses a value; the greater, the nearer to someone outside."""

    NOBODY = 0
    SETTING = 1  # a constant of a module or class whose value is not in sight
    UNKNOWN = 2
    CALLER = 3  # whoever calls a public function
    TASK = 4
    REQUEST = 5


class Position(enum.Enum):
    """What a value is to the statement around it; only a VALUE can be bound as a parameter."""

    VALUE = "value"
    NAME = "name"  # of a table, column, schema …
    CLAUSE = "clause"  # a condition, a direction, a list of assignments: any piece of a statement
    STATEMENT = "statement"  # a whole statement: nothing is put into another one
    PLACEHOLDER = "placeholder"  # the name of a placeholder
