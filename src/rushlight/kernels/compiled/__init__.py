"""What Numba compiles; only `builder` imports these modules. Programs load the machine code (`kernels.dispatch`)."""
