"""Synthesizers: who judges a design. One protocol; the embedded estimator is one back end, Vitis HLS another."""
