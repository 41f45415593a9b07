"""C++ source model: what stands in a piece of HLS C++, read without compiling it.

Limits that refuse hostile text, tokens, constants, preprocessing, structure and pragmas (tree-sitter), and a
typed syntax tree. Text and values come in, frozen values and findings go out: no files, no processes, no
estimates.
"""
