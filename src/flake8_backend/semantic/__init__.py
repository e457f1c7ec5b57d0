"""One module's meaning: names, scopes, flow and the symbolic terms that the project evaluates."""
