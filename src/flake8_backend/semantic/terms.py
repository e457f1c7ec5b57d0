"""Terms: what an expression denotes, symbolically, so that it can be evaluated when the whole project is known.

A module's terms stand in one table; a term is named by its index there. Index 0 is the unknown. Every term is a
sequence whose first item is one of the operators below; children are indices. Tables are plain JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Term = Sequence[Any]
UNKNOWN = 0
NOTHING: Term = ("?",)  # the term of the unknown

NAME = "n"  # dotted absolute name
PARAMETER = "p"  # function index, parameter index
SELF = "S"  # class index: the instance a method is called on
CLASS = "C"  # class index: the class itself
FUNCTION = "F"  # function index: a function or lambda of this module
ATTRIBUTE = "a"  # object, name
CALL = "c"  # callee, positional terms, (keyword, term) pairs, line, column, end line, end column
AWAIT = "w"  # awaitable
ELEMENT = "e"  # iterable
ENTER = "x"  # context manager
ITEM = "i"  # object, key
UNION = "u"  # terms: one of them, depending on the path taken
CONSTANT = "k"  # value: str, int, float, bool or None
DISPLAY = "l"  # "list", "tuple", "set" or "dict"; terms (a dict alternates keys and values)
STAYS_EMPTY = "{}"  # behind a DISPLAY without items that was written as an argument
COMPREHENSION = "g"  # "list", "set", "dict" or "generator"; element term; iterable term; key term of a "dict"
BINARY = "b"  # operator symbol, left, right; line, column, end line, end column where text is put together
STRING = "s"  # parts (term, conversion, source), line, column, end line, end column: an f-string
LITERAL_PART, NUMBER_PART = -2, 100  # conversions of parts: text between placeholders; formatted as a number
ANNOTATED = "A"  # annotation term, value term: declared to have this type
ALLOWED = "G"  # term, callee term: checked to be harmless, provided that the callee, where given, never returns
GROWN = "+"  # list term, appended terms, terms of what it was extended by
EQUAL = "="  # left, right: compared for equality
ORDER = "<"  # left, right: one is the bound of the other, whichever it is
SUPER = "^"  # class index: `super()`
UNPACK = "t"  # position in the target, value
OUTER = "o"  # function index, name: a variable of an enclosing function

# keywords of a call that are not names
STAR, DOUBLE_STAR = "*", "**"
