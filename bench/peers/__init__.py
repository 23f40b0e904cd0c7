"""The same work in other libraries; each module is imported only where its library is installed.

A function has the name and arguments of the program in `bench/programs.py` and returns what does the work once. That
returns what the libraries must agree on: for a training step the loss, then the gradients of the parameters.
"""
