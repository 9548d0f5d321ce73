"""Letters waiting, sent, failed, or kept for the back office where no mail server is set."""
