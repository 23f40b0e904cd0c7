"""Functions from arrays to arrays, which know nothing of tensors and graphs."""
