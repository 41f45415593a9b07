"""pe_array: a single output stationary array of processing elements, between gemm's buffers.

Each element keeps the sum of its own output: the task of the paper's Tables II to IV (arXiv 2309.10730).
"""
