"""The YP1 credential: what a gate reads, who signs it, how it is drawn."""
