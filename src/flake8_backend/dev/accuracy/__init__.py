"""An open accuracy set: labelled places in real projects, and what the tool says there."""
