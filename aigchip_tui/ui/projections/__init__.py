"""Pure functions from frozen snapshots to lines of styled text; neither textual nor rich may be imported here."""
