"""What is sold and where it may be used: venues, benefits, products, holidays, and the pinned terms versions."""
