"""One file a kind of step: what is read from the state, what is journalled at once, and the work done elsewhere."""
