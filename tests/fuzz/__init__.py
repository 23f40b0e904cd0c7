"""The differential fuzzer: random programs that PyTorch and Rushlight must run alike.

- `programs.py` writes random calls as lines of Python, from a table of what PyTorch offers.
- `compare.py` runs the lines in both libraries and compares values, gradients and types of exceptions.
- `test_fuzz.py` is the slice that the tests run. The long run is ``python -m tests.fuzz --calls 1000000``.

A failure is printed as a program that can be pasted into a file.
"""
