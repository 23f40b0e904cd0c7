"""The list of models, and what a set of trained weights is."""

import fnmatch
import functools
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ... import hub

_BUILDERS: dict[str, Callable[..., Any]] = {}
_WEIGHTS: dict[str, type["WeightsEnum"]] = {}


@dataclass(frozen=True)
class Weights:
    """One set of trained weights.

    Attributes:
        url: where the file is; its name ends in the start of its SHA-256.
        transforms: makes the function that prepares an image as in training.
        meta: what is known of it: ``categories``, ``num_params``, ``min_size``, accuracies.
    """

    url: str
    transforms: Callable[..., Any] = field(compare=False)
    meta: dict[str, Any] = field(hash=False)


class WeightsEnum(Enum):
    """The sets of weights that exist for one model; ``DEFAULT`` is the best of them."""

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """The member that `obj` is or names; None stays None.

        Raises:
            TypeError: it belongs to another model.
            KeyError: there is no such name.
        """
        if isinstance(obj, str):
            return cls[obj.removeprefix(cls.__name__ + ".")]
        if obj is not None and not isinstance(obj, cls):
            raise TypeError(
                f"Invalid Weight class provided; expected {cls.__name__} but received {obj.__class__.__name__}."
            )
        return obj

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The weights, from the cache or downloaded; arguments as of `hub.load_state_dict_from_url`."""
        return hub.load_state_dict_from_url(self.url, *args, **kwargs)

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.value.url

    @property
    def transforms(self) -> Callable[..., Any]:
        """Makes the function that prepares an image as in training."""
        return self.value.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """What is known of these weights."""
        return self.value.meta

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"


def register_model(
    name: str | None = None, weights: type[WeightsEnum] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Puts a function that builds a model on the list.

    Args:
        name: its name on the list, the function's own by default.
        weights: the enumeration of its weights.

    Raises:
        ValueError: the name is taken.
    """

    def register(builder: Callable[..., Any]) -> Callable[..., Any]:
        key = name or builder.__name__
        if key in _BUILDERS:
            raise ValueError(f"An entry is already registered under the name '{key}'.")
        _BUILDERS[key] = builder
        if weights is not None:
            _WEIGHTS[key] = weights
        return builder

    return register


def list_models(
    module: Any = None, include: Iterable[str] | str | None = None, exclude: Iterable[str] | str | None = None
) -> list[str]:
    """The sorted names of the models.

    Args:
        module: only those of this module.
        include: patterns (as of a shell) of which one must match; all names by default.
        exclude: patterns of which none may match.
    """
    if module is None:
        names = set(_BUILDERS)
    else:
        prefix = module.__name__.rpartition(".")[2]
        names = {n for n, b in _BUILDERS.items() if b.__module__.rpartition(".")[2] == prefix or prefix == "models"}

    def matching(patterns: Iterable[str] | str) -> set[str]:
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return {n for p in patterns for n in fnmatch.filter(names, p)}

    if include:
        names = matching(include)
    if exclude:
        names -= matching(exclude)
    return sorted(names)


def get_model_builder(name: str) -> Callable[..., Any]:
    """The function that builds the model of that name (in any case).

    Raises:
        ValueError: there is none.
    """
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        raise ValueError(f"Unknown model {name}") from None


def get_model(name: str, **config: Any) -> Any:
    """Builds the model of that name; `config` goes to its builder."""
    return get_model_builder(name)(**config)


def get_model_weights(name: str | Callable[..., Any]) -> type[WeightsEnum]:
    """The enumeration of the weights of a model, given by its name or its builder.

    Raises:
        ValueError: there is no such model.
    """
    builder = get_model_builder(name) if isinstance(name, str) else name
    for key, found in _BUILDERS.items():
        if found is builder and key in _WEIGHTS:
            return _WEIGHTS[key]
    raise ValueError(f"Unknown model {name}")


def get_weight(name: str) -> WeightsEnum:
    """The weights named as in ``"ResNet50_Weights.IMAGENET1K_V2"``.

    Raises:
        ValueError: there are none of that name.
    """
    model, dot, member = name.partition(".")
    if not dot or "." in member:
        raise ValueError(f"Invalid weight name provided: '{name}'.")
    for enumeration in _WEIGHTS.values():
        if enumeration.__name__ == model:
            return enumeration[member]
    raise ValueError(f"The weight enum '{model}' for the specific method couldn't be retrieved.")


def older_arguments(default: WeightsEnum) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Lets a builder take ``pretrained=True`` and a positional `weights` too, with torchvision's warnings.

    Args:
        default: the weights that ``pretrained=True`` means.
    """

    def decorate(builder: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(builder)
        def build(*args: Any, **kwargs: Any) -> Any:
            if args:
                named = ["weights" if "pretrained" not in kwargs else "pretrained", "progress"][: len(args)]
                warnings.warn(
                    f"Using {' and '.join(map(repr, named))} as positional parameter(s) is deprecated since 0.13 "
                    f"and may "
                    "be removed in the future. Please use keyword parameter(s) instead.",
                    stacklevel=2,
                )
                kwargs.update(zip(named, args, strict=False))
            older = "pretrained" in kwargs
            given = kwargs.pop("pretrained") if older else kwargs.get("weights")
            if older:
                warnings.warn(
                    "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the future, please use "
                    "'weights' instead.",
                    stacklevel=2,
                )
            if older or isinstance(given, bool):
                weights = default if given else None
                hint = (
                    f" You can also use `weights={type(default).__name__}.DEFAULT` to get the most up-to-date weights."
                )
                warnings.warn(
                    "Arguments other than a weight enum or `None` for 'weights' are deprecated since 0.13 and may be "
                    f"removed in the future. The current behavior is equivalent to passing `weights={weights}`."
                    f"{hint if given else ''}",
                    stacklevel=2,
                )
                kwargs["weights"] = weights
            return builder(**kwargs)

        return build

    return decorate
