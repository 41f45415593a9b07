"""Demonstrations: reading them, their laws, which two are most alike to an instruction, the user's own.

May enter: values about instructions and the code that answers them. Calls no generator and compiles nothing.
"""
