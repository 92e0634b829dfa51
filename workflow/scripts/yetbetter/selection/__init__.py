"""Selection of an arm's training data."""
