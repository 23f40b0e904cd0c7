"""Checks of the settings that optimisers share."""

from typing import Any

from ..tensor import Tensor


def check_one_element(lr: Any) -> None:
    """Refuses a learning rate that is a tensor of several elements.

    Raises:
        ValueError: it is.
    """
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")


def check_rate(lr: Any) -> None:
    """Refuses a learning rate that is negative, or a tensor of several elements.

    Raises:
        ValueError: it is.
    """
    check_one_element(lr)
    if not 0.0 <= lr:
        raise ValueError(f"Invalid learning rate: {lr}")


def check_betas(betas: Any) -> None:
    """Refuses betas that are not in [0, 1).

    Raises:
        ValueError: one is not.
    """
    for i, beta in enumerate(betas[:2]):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def check_not_negative(**settings: float) -> None:
    """Refuses negative settings, which are given by the names by which they are to be called.

    Raises:
        ValueError: one is negative.
    """
    for name, value in settings.items():
        if not 0.0 <= value:
            raise ValueError(f"Invalid {name} value: {value}")


def check_adam(lr: Any, betas: Any, eps: float, **decays: float) -> None:
    """Refuses settings that Adam and its kin cannot have.

    Raises:
        ValueError: one is out of its range.
    """
    check_rate(lr)
    check_not_negative(epsilon=eps)
    check_betas(betas)
    check_not_negative(**decays)
