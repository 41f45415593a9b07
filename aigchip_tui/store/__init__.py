"""Session folder on disk: journal, blobs, lock, inbox, work copies, derived index (DESIGN sec. 4).

What may enter: code that reads or writes a session folder, through `fs.Fs` only, so that a test can cut the power at
every write, sync and rename. Payloads are opaque dictionaries here; their meaning is folded by `model`. Nothing of
the engine, no clock, no environment: they come in as arguments. No pickle.
"""
