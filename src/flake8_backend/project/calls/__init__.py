"""What functions call, and the effects that travel over the call graph."""
