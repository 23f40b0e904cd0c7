"""What the runs of programs compared, and how often each explanation of a difference was used."""

from dataclasses import dataclass, field

# How many seeds to keep for each explanation.
EXAMPLES = 12


@dataclass
class Tally:
    """What was compared.

    Attributes:
        programs, calls: how many.
        refused: calls that both libraries refused with the same type of exception.
        gradients: programs whose gradients were compared.
        abandoned: programs given up, since rounding was amplified to a visible difference; with the line that did it.
        allowed: differences that are explained, by reason.
        examples: for each reason, the seeds of a few programs that met it.
    """

    programs: int = 0
    calls: int = 0
    refused: int = 0
    gradients: int = 0
    abandoned: int = 0
    allowed: dict = field(default_factory=dict)
    examples: dict = field(default_factory=dict)

    def explain(self, reason, count=1):
        """Counts a difference that is explained."""
        self.allowed[reason] = self.allowed.get(reason, 0) + count

    def add(self, other, seed):
        """Counts what the program of a seed made."""
        for name in ("programs", "calls", "refused", "gradients", "abandoned"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, count in other.allowed.items():
            self.explain(reason, count)
            self.examples.setdefault(reason, []).append(seed)
            del self.examples[reason][EXAMPLES:]

    def __str__(self):
        explained = "".join(
            f"\n{count:6} explained: {reason} {self.examples.get(reason, '')}"
            for reason, count in sorted(self.allowed.items(), key=lambda item: -item[1])
        )
        return (
            f"{self.programs} programs, {self.calls} calls ({self.refused} refused by both), gradients of "
            f"{self.gradients}; {self.abandoned} abandoned to rounding{explained}"
        )
