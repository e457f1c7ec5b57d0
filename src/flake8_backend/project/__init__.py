"""All modules of a root together: values, models, effects, contexts, and the views that rules see."""
