"""Tools for those who work on this project: ``python -m flake8_backend.dev``, in a checkout of the repository."""
