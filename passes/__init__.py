"""悠游兰州: the annual pass of a city, from the sale to the gate and the statistics."""
