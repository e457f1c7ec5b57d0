"""What the tests of rules share: fixtures and their marks, rewriting of sources, rendering of findings."""
