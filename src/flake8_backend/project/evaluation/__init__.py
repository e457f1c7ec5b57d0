"""What the evaluator answers, by topic: names, classes, attributes, calls, types, expressions."""
