"""The operations: declare.py is the vocabulary, each other file declares one family."""
