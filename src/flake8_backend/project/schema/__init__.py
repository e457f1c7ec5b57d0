"""The tables behind the models of a project: columns, relations, indexes and constraints, of every ORM alike."""
