"""Helpers around tensors and modules (`torch.utils`)."""
