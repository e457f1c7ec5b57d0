"""How long calls wait, and what ends the wait."""
