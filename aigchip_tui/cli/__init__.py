"""The command line: the only place that prints. Commands load what they need when they are called, not before."""
