"""The Textual application: a view of a session that may be killed at any time.

`projections/` are pure functions from frozen snapshots to lines of text (no Textual, no rich), `widgets/` and
`screens/` draw them, `feed` reads the journal in a thread of its own and posts snapshots. Nothing here decides what
the search does: answers leave as commands, exactly as from the command line. Only this room imports textual.
"""
