"""Datasets of images, as of `torchvision.datasets`: they read local files."""

from .folder import DatasetFolder, ImageFolder
from .stored import CIFAR10, CIFAR100, MNIST, FakeData, FashionMNIST, KMNIST

__all__ = ["CIFAR10", "CIFAR100", "KMNIST", "MNIST", "DatasetFolder", "FakeData", "FashionMNIST", "ImageFolder"]
