"""The fix loop as tests use it."""
