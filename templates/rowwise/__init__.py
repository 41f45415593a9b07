"""rowwise: k along the lane, n across the array, between gemm's buffers.

A row of A is broadcast to all lanes, each lane holds a column of B: the architecture of the paper's Fig. 8
(arXiv 2309.10730).
"""
