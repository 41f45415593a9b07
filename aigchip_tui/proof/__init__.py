"""The proof ladder: each rung's judgement of a variant, the cures it can propose, and the evidence it leaves.

What reads generated text (`reading`) runs in a sandboxed worker; the verdict is always reached out here.
"""
