"""Orders, payments and refunds: money comes in once, a pass goes out once."""
