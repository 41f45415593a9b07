"""Search: encoding of the space, analytic model, oracle, evolution, Pareto fronts. Ask and tell, no I/O, no clock.

Only what proposes or ranks design points may enter; who builds and judges them is not known here. numpy is loaded
with the modules that compute (`analytic`, `oracle`), so importing the room alone stays cheap.
"""
