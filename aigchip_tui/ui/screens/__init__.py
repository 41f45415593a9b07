"""Screens and panes: they hold what the person is looking at and draw what the projections say."""
