"""What `explain` answers: sentences with the lines of the program that they speak of, as text and as HTML."""

import html
from dataclasses import dataclass, field

from ..autograd.origins import Line


@dataclass(slots=True)
class Fact:
    """A sentence, the line of the program it speaks of, and details below it."""

    text: str
    line: Line | None = None
    details: list[str] = field(default_factory=list)


@dataclass
class Explanation:
    """Why a tensor is as it is.

    Attributes:
        title: the tensor in a few words.
        reason: the main answer in one word, such as ``"no_grad"``; ``"ok"`` where all is as it should be.
        facts: what is so, and why.
        advice: how to get what is wanted.
        holders: what keeps the tensor alive.
    """

    title: str
    reason: str = "ok"
    facts: list[Fact] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)

    def say(self, text: str, line: Line | None = None, details: list[str] | None = None) -> None:
        """Adds a fact."""
        self.facts.append(Fact(text, line, details or []))

    @property
    def lines(self) -> list[Line]:
        """The lines of the program that the facts name."""
        return [f.line for f in self.facts if f.line is not None]

    def __str__(self) -> str:
        out = [self.title]
        for fact in self.facts:
            out.append(f"- {fact.text}")
            if fact.line is not None:
                out.append(f"    {fact.line}")
            out += [f"    {d}" for d in fact.details]
        if self.advice:
            out.append("What helps:")
            out += [f"- {a}" for a in self.advice]
        if self.holders:
            out.append("Kept alive by: " + "; ".join(self.holders))
        return "\n".join(out)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """For notebooks."""
        color = {"ok": "#2e7d32"}.get(self.reason, "#b26a00" if self.reason != "nan" else "#c62828")
        parts = [
            f'<div style="border-left:4px solid {color};padding:.3em .8em;font-family:sans-serif;line-height:1.45">'
            f"<b>{html.escape(self.title)}</b><ul style='margin:.3em 0'>"
        ]
        for fact in self.facts:
            parts.append(f"<li>{html.escape(fact.text)}")
            if fact.line is not None:
                place = f"{fact.line.file}:{fact.line.number}, in {fact.line.function}"
                parts.append(
                    f"<br><small style='opacity:.7'>{html.escape(place)}</small><br>"
                    f"<code>{html.escape(fact.line.text)}</code>"
                )
            if fact.details:
                rows = "".join(f"<li><small>{html.escape(d)}</small></li>" for d in fact.details)
                parts.append(f"<details><summary>details</summary><ul>{rows}</ul></details>")
            parts.append("</li>")
        parts.append("</ul>")
        if self.advice:
            rows = "".join(f"<li>{html.escape(a)}</li>" for a in self.advice)
            parts.append(f"<b>What helps</b><ul style='margin:.3em 0'>{rows}</ul>")
        if self.holders:
            parts.append(f"<small>Kept alive by: {html.escape('; '.join(self.holders))}</small>")
        parts.append("</div>")
        return "".join(parts)
