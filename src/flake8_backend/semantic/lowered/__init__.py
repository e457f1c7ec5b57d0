"""How terms are made of names, expressions, type expressions and the contents of collections."""
