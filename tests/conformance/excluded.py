"""What is not ours to have: entries (or checks of entries) of ``op_db`` that the suite leaves out, with the reason."""

# Patterns of entries' names, with shell wildcards.
EXCLUDED = {
    "jiterator_*": "compiles CUDA source",
    "_batch_norm_with_update": "torch.ops.aten._batch_norm_with_update: a private function that programs do not call",
    "_upsample_bilinear2d_aa": "torch.ops.aten._upsample_bilinear2d_aa: a private function that programs do not call",
    "native_dropout_backward": "torch.ops.aten.native_dropout_backward: a private function that programs do not call",
    "slice": "torch.ops.aten.slice: a private function that programs do not call",
    "torch.ops.aten.*": "a private function that programs do not call",
    "max_pool2d_with_indices_backward": "a private function that programs do not call",
    "torch._scaled_mm*": "products of float8 numbers, which NumPy does not have",
    "to_sparse": "sparse layouts",
    "sparse.*": "sparse layouts",
}

# Entries whose indices may be those of any of several equal elements, as PyTorch's documentation says (of `sort` and
# `argsort` unless ``stable=True``), with the names of their arguments in order.
TIES = {"topk": ("k", "dim"), "kthvalue": ("k", "dim"), "sort": ("dim",), "argsort": ("dim",), "mode": ("dim",)}

# Entries whose results hold whatever was in memory: only their form is compared.
UNDEFINED = {
    "empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided", "resize_", "resize_as_",
}  # fmt: skip

# Entries whose numbers in double precision are less precise in PyTorch than they might be: where arguments are above 5
# its Bessel functions are off by 1e-5 (docs/differences.md), for which PyTorch's own tests make allowance.
IMPRECISE = {"special.bessel_j0", "special.bessel_j1", "special.bessel_y0", "special.bessel_y1"}
