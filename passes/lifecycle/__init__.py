"""A pass's life and its member: issued → active → expired | void; frozen is an open hold."""
