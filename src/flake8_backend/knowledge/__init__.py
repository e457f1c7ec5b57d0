"""What calls of libraries do and how frameworks declare things: data in ``packs``, looked up by canonical name."""
