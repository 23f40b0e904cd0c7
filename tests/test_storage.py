"""Storages beside PyTorch."""

from beside import check


def test_typed_storage():
    def scenario(m):
        x = m.tensor([[1.0, 2.0], [3.0, 4.0]])
        s = x.t().storage()
        s[1] = 9
        return [
            repr(s),
            s[1],
            s.tolist(),
            list(s),
            len(s),
            x,
            repr(m.arange(2).storage()),
            x.is_shared(),
            x.is_pinned(),
        ]

    check(scenario)
    check(lambda m: m.ones(2).storage()[0:1])
