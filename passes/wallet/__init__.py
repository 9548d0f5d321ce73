"""The holder's pages: the code, what is left, the questions after a visit."""
