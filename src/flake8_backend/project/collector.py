"""The garbage collector while a project is built and asked: what is made there stays, or is freed without it."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """No collections in here.

    Trees come and go without cycles, and summaries and values stay for as long as they are of use: the collector
    would look at all of them again and again, a quarter of a cold run. Whoever called finds it as it was before.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Let the collector pass over what there is now, for good; what counts references still frees it."""
    gc.collect()  # garbage that is settled as well would never be found
    gc.freeze()
