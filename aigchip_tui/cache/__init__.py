"""Folders of what may be deleted at any time: bounded, private to the user, checked on every read.

What may enter: the mechanism alone. What is kept, and under which key, is the business of the rooms that use it.
"""
