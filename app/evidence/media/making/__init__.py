"""Making of an original what people need: something to look at, to listen to, to search.

The original is only read. As when it was checked, a library opens it in a child process without
network, which may write into the one descriptor that it was handed and nowhere else, and must
finish within limits that follow from the length of the recording. Importing this package is light.
"""
