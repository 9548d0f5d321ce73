"""decide.ts held to decide.py: generated cases, compared answer by answer. `python -m tests.twins` prints the table."""
