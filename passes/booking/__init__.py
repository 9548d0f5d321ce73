"""Reservations: a place kept for a pass in a timed slot, or some nights at a hotel."""
