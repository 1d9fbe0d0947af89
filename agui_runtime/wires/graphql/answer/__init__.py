"""The answer to a request as a document that grows with its run."""
