"""Mathematical functions for Numba kernels, written so that the compiler turns loops over them into vector code."""
