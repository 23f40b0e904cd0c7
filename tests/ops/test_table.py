"""The page of operators is what the declarations give."""

from pathlib import Path

from rushlight.ops import table

PAGE = Path(__file__).parent.parent.parent / "docs" / "operators.md"


def test_the_page_is_what_the_declarations_give():
    assert PAGE.read_text() == table.page(), "run `python -m rushlight.ops.table docs/operators.md`"


def test_a_row_says_what_the_declaration_says():
    rows = dict(line.split(" | ", 1) for line in table.page().splitlines() if line.startswith("| `"))
    assert rows["| `mul`"] == (
        "function, method, in place, out | input, other | elementwise | as the kernel | `numpy.multiply`, compiled |"
    )
    assert rows["| `special_i1e`"].startswith(
        "function of `torch.special`, out | input | elementwise | integers become float, some refused"
    )
