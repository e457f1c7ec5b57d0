"""Text that becomes SQL: what it is put together from, and where that comes from."""
