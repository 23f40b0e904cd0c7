"""Rows of `bench.operators` about neighbourhoods: padding, pooling, resampling, convolutions in 1 to 3 dimensions."""

from bench.operator_table import add, image


def line(torch, n):
    """Return signals of 16 channels; a side of 1000 gives eight of 7813 places."""
    return [torch.randn(8, 16, max(4, n * n // 128))]


def volume(torch, n):
    """Return volumes of eight channels; a side of 1000 gives two of 40 x 40 x 40."""
    side = max(4, round((n * n / 16) ** (1 / 3)))
    return [torch.randn(2, 8, side, side, side)]


_KINDS = {1: ("1-D", line), 2: ("2-D", image), 3: ("3-D", volume)}

for _d, (_kind, _inputs) in _KINDS.items():
    for _mode in ("constant", "reflect", "replicate", "circular"):
        add(
            f"pad({_mode}) {_kind}",
            lambda torch, x, mode=_mode, d=_d: torch.nn.functional.pad(x, (1, 2) * d, mode),
            _inputs,
        )
    for _name, _options in (
        ("max_pool", {"kernel_size": 2}),
        ("max_pool", {"kernel_size": 3, "stride": 2, "padding": 1}),
        ("avg_pool", {"kernel_size": 2}),
        ("avg_pool", {"kernel_size": 3, "stride": 2, "padding": 1}),
        ("lp_pool", {"norm_type": 2, "kernel_size": 2}),
    ):
        if _name == "lp_pool" and _d == 2:
            continue
        _label = ", ".join(str(v) for v in _options.values())
        add(
            f"{_name}{_d}d({_label})",
            lambda torch, x, name=f"{_name}{_d}d", o=_options: getattr(torch.nn.functional, name)(x, **o),
            _inputs,
        )
    for _name in ("adaptive_avg_pool", "adaptive_max_pool"):
        for _size in (1, 5, 7):
            if (_d, _size) != (2, 7):
                add(
                    f"{_name}{_d}d({_size})",
                    lambda torch, x, name=f"{_name}{_d}d", size=_size: getattr(torch.nn.functional, name)(x, size),
                    _inputs,
                )
    for _mode in {1: ("nearest", "linear"), 2: ("nearest", "bilinear", "bicubic", "area"), 3: ("nearest", "trilinear")}[
        _d
    ]:
        for _factor in (2, 0.6):
            add(
                f"interpolate({_mode}, {_factor}) {_kind}",
                lambda torch, x, mode=_mode, f=_factor: torch.nn.functional.interpolate(x, scale_factor=f, mode=mode),
                _inputs,
            )
add(
    "interpolate(bilinear, antialias)",
    lambda torch, x: torch.nn.functional.interpolate(x, scale_factor=0.6, mode="bilinear", antialias=True),
    image,
)
add(
    "interpolate(bilinear, corners)",
    lambda torch, x: torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True),
    image,
)
add("pixel_unshuffle", lambda torch, x: torch.nn.functional.pixel_unshuffle(x[..., :-1, :-1], 2), image)
add("unfold(stride 2)", lambda torch, x: torch.nn.functional.unfold(x, 2, stride=2), image)
add("x.unfold", lambda torch, x: x.unfold(2, 16, 8).sum(-1), line)
add("channel_shuffle", lambda torch, x: torch.nn.functional.channel_shuffle(x, 4), image)
add("local_response_norm", lambda torch, x: torch.nn.functional.local_response_norm(x, 3), image)
add(
    "max_unpool2d",
    lambda torch, x: torch.nn.functional.max_unpool2d(
        *torch.nn.functional.max_pool2d(x, 2, return_indices=True), 2, output_size=x.shape
    ),
    image,
)
add(
    "affine_grid",
    lambda torch, x: torch.nn.functional.affine_grid(x, (8, 3, 125, 125)),
    lambda t, n: [t.randn(8, 2, 3)],
    heavy=True,
)

# ------------------------------------------------------------------------------------------ convolutions
_CONVOLUTIONS = {
    "conv1d": [
        ("k5 s2", (8, 32, 1000), (64, 32, 5), {"stride": 2}),
        ("depthwise", (8, 64, 1000), (64, 1, 5), {"groups": 64}),
        ("dilated", (8, 32, 1000), (32, 32, 3), {"dilation": 4, "padding": 4}),
        ("1 channel, k64", (8, 1, 8000), (32, 1, 64), {"stride": 8}),
    ],
    "conv2d": [
        ("depthwise 3x3", (8, 64, 28, 28), (64, 1, 3, 3), {"groups": 64, "padding": 1}),
        ("depthwise 3x3 s2", (8, 64, 56, 56), (64, 1, 3, 3), {"groups": 64, "padding": 1, "stride": 2}),
        ("depthwise 5x5", (8, 64, 28, 28), (64, 1, 5, 5), {"groups": 64, "padding": 2}),
        ("depthwise 7x7", (4, 96, 28, 28), (96, 1, 7, 7), {"groups": 96, "padding": 3}),
        ("groups 4", (8, 64, 28, 28), (64, 16, 3, 3), {"groups": 4, "padding": 1}),
        ("1x1", (8, 64, 28, 28), (128, 64, 1, 1), {}),
        ("5x5", (8, 32, 28, 28), (64, 32, 5, 5), {"padding": 2}),
        ("patches 16", (4, 3, 224, 224), (192, 3, 16, 16), {"stride": 16}),
        ("dilated", (8, 32, 28, 28), (32, 32, 3, 3), {"dilation": 2, "padding": 2}),
    ],
    "conv3d": [
        ("k1", (2, 16, 16, 24, 24), (32, 16, 1, 1, 1), {}),
        ("s2", (2, 8, 16, 24, 24), (16, 8, 3, 3, 3), {"stride": 2, "padding": 1}),
        ("RGB", (2, 3, 16, 32, 32), (16, 3, 3, 3, 3), {"padding": 1}),
        ("32 channels", (2, 32, 8, 16, 16), (32, 32, 3, 3, 3), {"padding": 1}),
    ],
    "conv_transpose2d": [
        ("k2", (8, 32, 28, 28), (32, 16, 2, 2), {"stride": 2}),
        ("3x3", (8, 32, 28, 28), (32, 32, 3, 3), {"padding": 1}),
    ],
    "conv_transpose3d": [
        ("k2", (2, 16, 8, 16, 16), (16, 8, 2, 2, 2), {"stride": 2}),
        ("k3", (2, 16, 8, 16, 16), (16, 8, 3, 3, 3), {"padding": 1}),
        ("k4 s2", (2, 16, 8, 12, 12), (16, 8, 4, 4, 4), {"stride": 2, "padding": 1}),
    ],
}  # fmt: skip
for _name, _rows in _CONVOLUTIONS.items():
    for _label, _x, _w, _options in _rows:
        add(
            f"{_name} {_label}",
            lambda torch, x, w, name=_name, o=_options: getattr(torch.nn.functional, name)(x, w, **o),
            lambda t, n, x=_x, w=_w: [t.randn(*x), t.randn(*w)],
            heavy=True,
        )
