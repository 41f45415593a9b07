"""The engine: what is to be done next (`advance`, pure), who does it (steps), and the loop around them.

Reads like the way of one design (DESIGN sec. 2). Imports no user interface; time, randomness and processes come in.
"""
