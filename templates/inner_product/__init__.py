"""inner_product: one unit that multiplies a row of A with a column of B, between gemm's buffers.

The smallest compute core: the task on which the paper's Table I compares models (arXiv 2309.10730).
"""
