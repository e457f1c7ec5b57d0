"""Source text, diagnostics and rules: what every other room speaks of."""
