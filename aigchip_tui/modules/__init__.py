"""Templates as data and code: module tree, local settings, instructions, test benches, contracts, assembly.

Reads templates/; imports model only.
"""
