"""The shapes that travel: TypedDicts for the API's documents, and how our things become them."""
