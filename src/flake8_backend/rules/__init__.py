"""One module per mandate. A rule exists because its module does: there is no list to edit."""
