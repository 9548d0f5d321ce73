"""Who may do what: staff, gate devices, and the guard that stands before every route."""
