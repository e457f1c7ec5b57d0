"""The files of a project: which there are, what they are called, what is remembered of them."""
