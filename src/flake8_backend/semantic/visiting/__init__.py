"""What the walk does with each kind of node: ``HANDLERS`` by the node's class."""
