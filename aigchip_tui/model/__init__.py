"""Values only: frozen, typed, without I/O, clock or randomness. Imports nothing of ours; everybody imports it."""
