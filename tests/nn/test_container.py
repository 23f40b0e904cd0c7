"""`Sequential`, `ModuleList`, `ModuleDict`, `ParameterList`, `ParameterDict`: what lists and dictionaries can do."""

from collections import OrderedDict

import pytest

from .reference import assert_same


def three(t):
    return t.nn.Sequential(t.nn.Linear(1, 2), t.nn.ReLU(), t.nn.Linear(2, 3))


def items(t):
    return t.nn.ModuleList([t.nn.Linear(1, 2), t.nn.Linear(1, 2), t.nn.ReLU()])


def table(t):
    return t.nn.ModuleDict({"b": t.nn.ReLU(), "a": t.nn.Linear(1, 1)})


def parameters(t):
    return t.nn.ParameterList([t.ones(2), t.nn.Parameter(t.zeros(1, 3)), 5, "text"])


def named(t):
    return t.nn.ParameterDict({"w": t.ones(2), "b": t.nn.Parameter(t.zeros(1)), "n": 3})


def changed(make, change):
    def case(t):
        m = make(t)
        result = change(t, m)
        return [repr(m), list(m.state_dict()), repr(result) if result is not m else "itself"]

    return case


def inplace(operator):
    def change(t, m):
        return getattr(m, operator)

    return change


def iadd(other):
    def change(t, m):
        m += other(t)

    return change


def imul(n):
    def change(t, m):
        m *= n

    return change


def setitem(key, value):
    return lambda t, m: m.__setitem__(key, value(t))


def delitem(key):
    return lambda t, m: m.__delitem__(key)


CASES = {
    # Sequential
    "sequential": lambda t: repr(three(t)),
    "sequential_named": lambda t: repr(t.nn.Sequential(OrderedDict(a=t.nn.ReLU(), b=t.nn.Tanh()))),
    "sequential_empty": lambda t: [repr(t.nn.Sequential()), t.nn.Sequential()(3)],
    "sequential_wrong": lambda t: t.nn.Sequential(t.nn.ReLU(), 3),
    "sequential_list": lambda t: t.nn.Sequential([t.nn.ReLU()]),
    "sequential_none": lambda t: t.nn.Sequential(None),
    "sequential_get": lambda t: [repr(three(t)[0]), repr(three(t)[-1]), repr(three(t)[1:]), len(three(t))],
    "sequential_get_far": lambda t: three(t)[3],
    "sequential_get_far_back": lambda t: three(t)[-4],
    "sequential_get_text": lambda t: three(t)["0"],
    "sequential_iter": lambda t: [type(m).__name__ for m in three(t)],
    "sequential_append": changed(three, lambda t, m: m.append(t.nn.Tanh())),
    "sequential_append_wrong": changed(three, lambda t, m: m.append(3)),
    "sequential_extend": changed(three, lambda t, m: m.extend([t.nn.Tanh(), t.nn.Tanh()])),
    "sequential_insert": changed(three, lambda t, m: m.insert(1, t.nn.Tanh())),
    "sequential_insert_back": changed(three, lambda t, m: m.insert(-1, t.nn.Tanh())),
    "sequential_insert_far": changed(three, lambda t, m: m.insert(5, t.nn.Tanh())),
    "sequential_pop": changed(three, lambda t, m: m.pop(0)),
    "sequential_pop_slice": changed(three, lambda t, m: m.pop(slice(1, None))),
    "sequential_set": changed(three, setitem(1, lambda t: t.nn.Tanh())),
    "sequential_set_back": changed(three, setitem(-1, lambda t: t.nn.Tanh())),
    "sequential_set_wrong": changed(three, setitem(1, lambda t: 3)),
    "sequential_del": changed(three, delitem(0)),
    "sequential_del_slice": changed(three, delitem(slice(0, 2))),
    "sequential_del_far": changed(three, delitem(7)),
    "sequential_add": lambda t: repr(three(t) + three(t)),
    "sequential_add_list": lambda t: three(t) + [t.nn.ReLU()],
    "sequential_iadd": changed(three, iadd(three)),
    "sequential_iadd_list": changed(three, iadd(lambda t: [t.nn.ReLU()])),
    "sequential_mul": lambda t: [repr(three(t) * 2), repr(2 * three(t))],
    "sequential_mul_zero": lambda t: three(t) * 0,
    "sequential_mul_float": lambda t: three(t) * 1.5,
    "sequential_imul": changed(three, imul(2)),
    "sequential_imul_negative": changed(three, imul(-2)),
    "sequential_dir": lambda t: [n for n in dir(three(t)) if n.isdigit()],
    "container": lambda t: repr(t.nn.Container(a=t.nn.ReLU())),
    # ModuleList
    "list": lambda t: repr(items(t)),
    "list_empty": lambda t: repr(t.nn.ModuleList()),
    "list_nested": lambda t: repr(t.nn.ModuleList([t.nn.ModuleList([t.nn.ReLU(), t.nn.ReLU()]), t.nn.ReLU()])),
    "list_wrong": lambda t: t.nn.ModuleList([3]),
    "list_not_iterable": lambda t: t.nn.ModuleList(3),
    "list_get": lambda t: [repr(items(t)[0]), repr(items(t)[-1]), repr(items(t)[::2]), len(items(t))],
    "list_get_far": lambda t: items(t)[9],
    "list_append": changed(items, lambda t, m: m.append(t.nn.Tanh())),
    "list_extend": changed(items, lambda t, m: m.extend([t.nn.Tanh()])),
    "list_extend_wrong": changed(items, lambda t, m: m.extend(3)),
    "list_insert": changed(items, lambda t, m: m.insert(1, t.nn.Tanh())),
    "list_pop": changed(items, lambda t, m: m.pop(1)),
    "list_set": changed(items, setitem(0, lambda t: t.nn.Tanh())),
    "list_del": changed(items, delitem(0)),
    "list_del_slice": changed(items, delitem(slice(1, 3))),
    "list_add": lambda t: repr(items(t) + [t.nn.Tanh()]),
    "list_iadd": changed(items, iadd(lambda t: [t.nn.Tanh()])),
    "list_call": lambda t: items(t)(t.zeros(1)),
    "list_dir": lambda t: [n for n in dir(items(t)) if n.isdigit()],
    # ModuleDict
    "dict": lambda t: repr(table(t)),
    "dict_pairs": lambda t: repr(t.nn.ModuleDict([["x", t.nn.ReLU()], ("y", t.nn.Tanh())])),
    "dict_wrong": lambda t: t.nn.ModuleDict({"x": 3}),
    "dict_not_iterable": lambda t: t.nn.ModuleDict(3),
    "dict_short_pair": lambda t: t.nn.ModuleDict([["x"]]),
    "dict_no_pair": lambda t: t.nn.ModuleDict([3]),
    "dict_get": lambda t: [repr(table(t)["a"]), "a" in table(t), "c" in table(t), len(table(t)), list(table(t))],
    "dict_get_missing": lambda t: table(t)["c"],
    "dict_views": lambda t: [list(table(t).keys()), repr(list(table(t).items())), repr(list(table(t).values()))],
    "dict_set": changed(table, setitem("c", lambda t: t.nn.Tanh())),
    "dict_set_taken": changed(table, setitem("keys", lambda t: t.nn.Tanh())),
    "dict_set_number": changed(table, setitem(3, lambda t: t.nn.Tanh())),
    "dict_del": changed(table, delitem("a")),
    "dict_pop": changed(table, lambda t, m: m.pop("a")),
    "dict_clear": changed(table, lambda t, m: m.clear()),
    "dict_update": changed(table, lambda t, m: m.update({"a": t.nn.Tanh(), "z": t.nn.ReLU()})),
    # ParameterList
    "parameters": lambda t: [repr(parameters(t)), list(parameters(t).state_dict()), len(parameters(t))],
    "parameters_empty": lambda t: repr(t.nn.ParameterList()),
    "parameters_types": lambda t: [type(p).__name__ for p in parameters(t)],
    "parameters_get": lambda t: [parameters(t)[0], parameters(t)[-1], repr(parameters(t)[1:3])],
    "parameters_far": lambda t: parameters(t)[4],
    "parameters_set": changed(parameters, setitem(0, lambda t: t.zeros(4))),
    "parameters_append": changed(parameters, lambda t, m: m.append(t.zeros(4))),
    "parameters_extend": changed(parameters, lambda t, m: m.extend([t.zeros(4), 2])),
    "parameters_extend_tensor": changed(parameters, lambda t, m: m.extend(t.zeros(4))),
    "parameters_extend_number": changed(parameters, lambda t, m: m.extend(3)),
    "parameters_iadd": changed(parameters, iadd(lambda t: [t.zeros(1)])),
    "parameters_call": lambda t: parameters(t)(),
    "parameters_dir": lambda t: [n for n in dir(parameters(t)) if n.isdigit()],
    # ParameterDict
    "named": lambda t: [repr(named(t)), list(named(t).state_dict()), len(named(t)), list(named(t))],
    "named_ordered": lambda t: repr(t.nn.ParameterDict(OrderedDict(z=t.ones(1), a=t.ones(2)))),
    "named_pairs": lambda t: repr(t.nn.ParameterDict([("z", t.ones(1)), ("a", t.ones(2))])),
    "named_not_iterable": lambda t: t.nn.ParameterDict(3),
    "named_no_pair": lambda t: t.nn.ParameterDict([3]),
    "named_short_pair": lambda t: t.nn.ParameterDict([["x"]]),
    "named_get": lambda t: [named(t)["w"], named(t).get("x"), named(t).get("x", 5), "w" in named(t)],
    "named_get_missing": lambda t: named(t)["x"],
    "named_get_number": lambda t: named(t)[3],
    "named_set": changed(named, setitem("x", lambda t: t.zeros(4))),
    "named_set_number": changed(named, setitem(3, lambda t: t.zeros(4))),
    "named_del": changed(named, delitem("w")),
    "named_del_missing": changed(named, delitem("x")),
    "named_pop": changed(named, lambda t, m: m.pop("b")),
    "named_popitem": changed(named, lambda t, m: m.popitem()),
    "named_popitem_empty": lambda t: t.nn.ParameterDict().popitem(),
    "named_clear": changed(named, lambda t, m: m.clear()),
    "named_setdefault": changed(named, lambda t, m: [m.setdefault("w", 1), m.setdefault("v", t.ones(1))]),
    "named_views": lambda t: [list(named(t).keys()), list(named(t).items()), list(named(t).values())],
    "named_reversed": lambda t: list(reversed(named(t))),
    "named_copy": lambda t: repr(named(t).copy()),
    "named_fromkeys": lambda t: repr(named(t).fromkeys(["p", "q"], 2)),
    "named_or": lambda t: [repr(named(t) | t.nn.ParameterDict({"w": t.zeros(5)}))],
    "named_ior": changed(named, lambda t, m: m.__ior__(t.nn.ParameterDict({"w": t.zeros(5)}))),
    "named_call": lambda t: named(t)(3),
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(CASES[case])
