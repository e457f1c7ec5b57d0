"""Models as queries see them: relations, what loads them, what a query gives."""
