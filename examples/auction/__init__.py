"""An auction house twice: as people first write it, and as every replica can agree on it."""
