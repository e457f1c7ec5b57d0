"""Where code runs: handlers, scripts, event loops, servers."""
