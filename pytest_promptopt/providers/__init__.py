"""What answers: one file per kind of model server."""
