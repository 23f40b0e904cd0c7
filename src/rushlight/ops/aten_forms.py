"""How the operations are called inside PyTorch: the names and arguments that ``__torch_dispatch__`` handlers see.

Most operations are called there as they are declared. For the others a line below says how, as
``aten_name.overload(arguments)``: an argument's name is the operation's own; one at its default is left out.
"""

import ast
import inspect
from typing import Any, NamedTuple

from ..base import TensorBase
from .declare import REGISTRY
from .operation import Operation

_EXPLICIT = """
_softmax              _softmax.default(input, dim, False)
_log_softmax          _log_softmax.default(input, dim, False)
relu6                 hardtanh.default(input, 0, 6)
_view                 view.default(input, size)
_view_rows            view.default(input, size)
_reshape_alias        view.default(input, size)
_unsafe_view          _unsafe_view.default(input, size)
_view_dtype           view.dtype(input, dtype)
_squeeze              squeeze.default(input)
_squeeze_dim          squeeze.dim(input, dim)
_squeeze_dims         squeeze.dims(input, dim)
_squeeze_at           squeeze.dim(input, dim)
transpose             transpose.int(input, dim0, dim1)
_permute              permute.default(input, dims)
_expand               expand.default(input, size)
spread                expand.default(input, size)
_where                where.self(condition, input, other)
_clamp                clamp.default(input, min=None, max=None)
_clamp_min            clamp_min.default(input, min)
_clamp_max            clamp_max.default(input, max)
_clamp_tensors        clamp.Tensor(input, min=None, max=None)
_clamp_min_tensor     clamp_min.Tensor(input, min)
_clamp_max_tensor     clamp_max.Tensor(input, max)
_sum                  sum.default(input)
_sum_all              sum.default(input, *, dtype=dtype)
_sum_dims             sum.dim_IntList(input, dim, keepdim=False, *, dtype=dtype)
_mean                 mean.default(input)
_mean_all             mean.default(input, *, dtype=dtype)
_mean_dims            mean.dim(input, dim, keepdim=False, *, dtype=dtype)
_max                  max.default(input)
_min                  min.default(input)
_max_dim              max.dim(input, dim, keepdim=False)
_min_dim              min.dim(input, dim, keepdim=False)
_amax                 amax.default(input, dim=(), keepdim=False)
_amin                 amin.default(input, dim=(), keepdim=False)
_argmax               argmax.default(input, dim=None, keepdim=False)
_argmin               argmin.default(input, dim=None, keepdim=False)
_addmm                addmm.default(input, mat1, mat2, *, beta=beta, alpha=alpha)
_addmv                addmv.default(input, mat, vec, *, beta=beta, alpha=alpha)
_addr                 addr.default(input, vec1, vec2, *, beta=beta, alpha=alpha)
_baddbmm              baddbmm.default(input, batch1, batch2, *, beta=beta, alpha=alpha)
_addbmm               addbmm.default(input, batch1, batch2, *, beta=beta, alpha=alpha)
_cross                linalg_cross.default(input, other, *, dim=dim)
_embedding            embedding.default(weight, indices, padding_idx=-1, scale_grad_by_freq=False)
_cdist                cdist.default(x1, x2, p=2.0)
_round                round.default(input)
_round_decimals       round.decimals(input, *, decimals=decimals)
_gather               gather.default(input, dim, index)
_take_along           gather.default(input, dim, indices)
_scatter              scatter.src(input, dim, index, src)
_scatter_value        scatter.value(input, dim, index, value)
_scatter_reduce       scatter_reduce.two(input, dim, index, src, reduce, *, include_self=include_self)
_scatter_add          scatter_add.default(input, dim, index, src)
_select               select.int(input, dim, index)
_slice                slice.Tensor(input, dim=0, start=None, end=None, step=1)
_diagonal             diagonal.default(input, offset=0, dim1=0, dim2=1)
_unfold               unfold.default(input, dim, size, step)
_index_select         index_select.default(input, dim, index)
_index_add            index_add.default(input, dim, index, source, *, alpha=alpha)
_index_copy           index_copy.default(input, dim, index, source)
_index_fill           index_fill.int_Scalar(input, dim, index, value)
_index_fill_tensor    index_fill.int_Tensor(input, dim, index, value)
_take                 take.default(input, index)
_cat                  cat.default(tensors, dim=0)
_stack                stack.default(tensors, dim=0)
_sort                 sort.default(input, dim=-1, descending=False)
_topk                 topk.default(input, k, dim=-1, largest=True)
_prod_all             prod.default(input, *, dtype=dtype)
_prod_dim             prod.dim_int(input, dim, keepdim=False, *, dtype=dtype)
_var                  var.correction(input, dim=None, *, correction=correction, keepdim=keepdim)
_std                  std.correction(input, dim=None, *, correction=correction, keepdim=keepdim)
_var_mean             var_mean.correction(input, dim=None, *, correction=correction, keepdim=keepdim)
_std_mean             std_mean.correction(input, dim=None, *, correction=correction, keepdim=keepdim)
_vector_norm          linalg_vector_norm.default(input, ord=2, dim=None, keepdim=False, *, dtype=dtype)
_logsumexp            logsumexp.default(input, dim, keepdim=False)
_cumsum               cumsum.default(input, dim, *, dtype=dtype)
_cumprod              cumprod.default(input, dim, *, dtype=dtype)
_median               median.default(input)
_median_dim           median.dim(input, dim, keepdim=False)
_masked_fill          masked_fill.Scalar(input, mask, value)
_masked_fill_tensor   masked_fill.Tensor(input, mask, value)
_masked_select        masked_select.default(input, mask)
_add_scaled           add.Tensor(input, other, *, alpha=alpha)
_sub_scaled           sub.Tensor(input, other, *, alpha=alpha)
_div_trunc            div.Tensor_mode(input, other, *, rounding_mode='trunc')
_div_floor            div.Tensor_mode(input, other, *, rounding_mode='floor')
_div_unrounded        div.Tensor_mode(input, other, *, rounding_mode=None)
_addcmul              addcmul.default(input, tensor1, tensor2, *, value=value)
_addcdiv              addcdiv.default(input, tensor1, tensor2, *, value=value)
_addcmul_mixed        addcmul.default(input, tensor1, tensor2, *, value=value)
_addcdiv_mixed        addcdiv.default(input, tensor1, tensor2, *, value=value)
_lerp                 lerp.Tensor(input, end, weight)
_lerp_number          lerp.Scalar(input, end, weight)
_repeat               repeat.default(input, repeats)
_flip                 flip.default(input, dims)
_roll                 roll.default(input, shifts, dims=())
_diag_embed           diag_embed.default(input, offset=0, dim1=-2, dim2=-1)
_unbind               unbind.int(input, dim=0)
_split                split.Tensor(input, split_size, dim=0)
_split_with_sizes     split_with_sizes.default(input, split_sizes, dim=0)
_copy                 copy_.default(input, src)
_fill                 fill_.Scalar(input, value)
_fill_tensor          fill_.Tensor(input, value)
_filled               fill.Scalar(input, value)
_filled_by_tensor     fill.Tensor(input, value)
_zero                 zero_.default(input)
_conj                 _conj.default(input)
alias                 alias.default(input)
_make_dual            alias.default(input)
_fw_primal            alias.default(input)
"""
# Keyword arguments at these values are left out.
_KEYWORD_DEFAULTS = {
    "beta": 1, "alpha": 1, "value": 1, "dim": None, "keepdim": False, "correction": None, "dtype": None, "decimals": 0,
    "include_self": True,
    "approximate": "none", "memory_format": None,
}  # fmt: skip

# Which overload of two tensors, or of a tensor and a number, is meant.
_SCALAR_OVERLOADS = {
    "Tensor": "add sub mul div".split(),
    "Scalar": "eq ne lt le gt ge bitwise_and bitwise_or bitwise_xor remainder fmod copysign rsub".split(),
    "Tensor_Scalar": "bitwise_left_shift bitwise_right_shift pow".split(),
    "Scalar_Other": ["xlogy"],
}
_NUMBER_OVERLOAD = {name: overload for overload, names in _SCALAR_OVERLOADS.items() for name in names}
_TENSOR_OVERLOAD = {name: "Tensor_Tensor" if name == "pow" else "Tensor" for name in (*_NUMBER_OVERLOAD, "ldexp")}


class Form(NamedTuple):
    """How one operation is called inside.

    Attributes:
        name: the inner name. overload: which of its overloads.
        positional: the arguments, as pairs of the operation's parameter (None for a constant) and the default (or the
            constant); `REQUIRED` for none.
        keywords: the keyword arguments: name, and parameter or constant likewise.
    """

    name: str
    overload: str
    positional: tuple[tuple[str | None, Any], ...]
    keywords: tuple[tuple[str, str | None, Any], ...]


REQUIRED: Any = object()


def _parsed(text: str, parameters: tuple[str, ...]) -> Form:
    head, _, inside = text.partition("(")
    name, _, overload = head.partition(".")
    positional: list[tuple[str | None, Any]] = []
    keywords: list[tuple[str, str | None, Any]] = []
    after_star = False
    for part in inside[:-1].replace("()", "[]").split(", "):
        if part == "*":
            after_star = True
            continue
        key, _, value = part.partition("=")
        if after_star:
            named = value in parameters
            keywords.append((key, value if named else None, REQUIRED if named else ast.literal_eval(value)))
        elif key in parameters:
            positional.append((key, ast.literal_eval(value) if value else REQUIRED))
        else:
            positional.append((None, ast.literal_eval(key)))
    return Form(name, overload, tuple(positional), tuple(keywords))


def _explicit() -> dict[str, Form]:
    found = {}
    for line in _EXPLICIT.strip().splitlines():
        name, text = line.split(maxsplit=1)
        if name in REGISTRY:
            found[name] = _parsed(text, REGISTRY[name].parameters)
    return found


_forms: dict[str, Form] = {}


def _form(op: Operation) -> Form:
    if not _forms:
        _forms.update(_explicit())
    found = _forms.get(op.name)
    if found is None:
        shared = op.aten != op.name and op.kind != "elementwise"
        name = op.name if shared or op.aten.startswith("_with") else op.aten
        positional, keywords = [], []
        for p in inspect.signature(op.declared).parameters.values():
            default = REQUIRED if p.default is p.empty else p.default
            if p.name in op.keyword_only:
                keywords.append((p.name, p.name, default))
            else:
                positional.append((p.name, default))
        found = _forms[op.name] = Form(name, "", tuple(positional), tuple(keywords))
    return found


def listed(value: Any) -> Any:
    """A value as handlers see it: lists for tuples."""
    return [listed(v) for v in value] if isinstance(value, (tuple, list)) else value


def _is(value: Any, default: Any) -> bool:
    """Whether an argument has its default value."""
    return type(value) in (type(default), int, float) and value == default


def call_of(op: Operation, given: dict[str, Any]) -> tuple[str, str, tuple[Any, ...], dict[str, Any]]:
    """The inner call that an operation's is: name, overload, arguments and keyword arguments."""
    special = _SPECIAL.get(op.name)
    if special is not None:
        return special(given)
    form = _form(op)
    args: list[Any] = []
    least = 0
    for name, default in form.positional:
        value = default if name is None else listed(given[name]) if form.overload else given[name]
        args.append(value)
        if name is None or default is REQUIRED or not _is(value, default):
            least = len(args)
    kwargs = {}
    for key, name, default in form.keywords:
        value = default if name is None else listed(given[name])
        if name is None or not _is(value, _KEYWORD_DEFAULTS.get(key, default)):
            kwargs[key] = value
    overload = form.overload
    if not overload:
        overload = "default"
        if len(op.tensors) == 2 and not isinstance(args[0], TensorBase):
            overload = "Scalar_Self" if form.name == "xlogy" else "Scalar"
        elif len(op.tensors) == 2 and form.name in _TENSOR_OVERLOAD:
            second = isinstance(given[op.tensors[1]], TensorBase)
            overload = (_TENSOR_OVERLOAD if second else _NUMBER_OVERLOAD)[form.name]
    return form.name, overload, tuple(args[:least]), kwargs


def _clone(given: dict[str, Any]) -> Any:
    layout = given["layout"]
    usual = str(layout) == "torch.preserve_format"
    return "clone", "default", (given["input"],), {} if usual else {"memory_format": layout}


def _to_copy(given: dict[str, Any]) -> Any:
    layout = given["layout"]
    usual = {} if str(layout) == "torch.preserve_format" else {"memory_format": layout}
    return "_to_copy", "default", (given["input"],), {"dtype": given["dtype"], **usual}


def _index(given: dict[str, Any]) -> Any:
    indices: list[Any] = [None] * (max(given["dims"]) + 1)
    for dim, index in zip(given["dims"], given["indices"], strict=True):
        indices[dim] = index
    return "index", "Tensor", (given["input"], indices), {}


def _all(name: str) -> Any:
    def call(given: dict[str, Any]) -> Any:
        dim = given["dim"]
        several = isinstance(dim, (tuple, list))
        if dim is None or (several and len(dim) == given["input"].dim() and not given["keepdim"]):
            return name, "default", (given["input"],), {}
        rest = (True,) if given["keepdim"] else ()
        return name, "dims" if several else "dim", (given["input"], listed(dim), *rest), {}

    return call


def _power_of(given: dict[str, Any]) -> Any:
    base, exponent = given.values()
    if not isinstance(base, TensorBase):
        return "pow", "Scalar", (base, exponent), {}
    return "pow", "Tensor_Tensor" if isinstance(exponent, TensorBase) else "Tensor_Scalar", (base, exponent), {}


def _power_from(given: dict[str, Any]) -> Any:
    exponent, base = given.values()
    return _power_of({"input": base, "exponent": exponent})


def _index_put(given: dict[str, Any]) -> Any:
    *_, args, kwargs = _index(given)
    rest = (True,) if given["accumulate"] else ()
    return "index_put_", "default", (*args, given["values"], *rest), kwargs


_SPECIAL: dict[str, Any] = {
    "_all": _all("all"), "_any": _all("any"), "_clone": _clone, "_index": _index, "_index_put": _index_put,
    "_pow": _power_of, "_pow_base": _power_from, "_pow_complex": _power_of, "_pow_number": _power_of,
    "_to_copy": _to_copy,
}  # fmt: skip
