"""The back office: pages for staff."""
