"""Repairs: from the fixes that diagnostics carry to edits, files and diffs. The only place that imports libcst."""
