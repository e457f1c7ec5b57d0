"""The ``backend-fix`` command: one module per verb, all of them thin over the engine."""
