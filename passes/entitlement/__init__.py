"""The rule language of benefits: what may be used where, when and how often. Pure: no SQL, no web."""
