"""The embedded synthesizer: reads HLS C++ and estimates latency, interval, resources and clock, with its
reasons.

What enters: text, constants, a clock, a part. What leaves: an `Estimate` that says of each loop what bounds
it, and "unknown: why" where the reader's knowledge ends. Every figure is an estimate and carries that name.
No vendor tool is called and no file is read; who reads hostile text uses `worker`.
"""
