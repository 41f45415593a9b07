"""A design as a project of its own, and the plot of a session. Nothing imports this room but the command line."""
