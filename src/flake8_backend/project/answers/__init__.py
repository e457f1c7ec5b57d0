"""What handlers answer with, and what bounds it."""
