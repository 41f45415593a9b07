"""The offline adapter: answers a request by aligning its numbered lines with those of worked examples.

It is not a language model. It reads two things of a request: numbered lines and fenced code; every other
word is ignored. Each line of the instruction is looked up, word for word with numbers as holes, among the
lines of the examples; the code marked with that line is taken over, its number exchanged, and the reply
says where each line came from. What alignment cannot decide is refused, naming the line and the cause. It
knows no domain: nothing in this folder may name what the code is about, and it imports the standard library
only.
"""

from __future__ import annotations

from aigchip_tui.llm.adapter.answer import Answer, answer
from aigchip_tui.llm.adapter.plan import LinePlan, Refusal

__all__ = ["Answer", "LinePlan", "Refusal", "answer"]
