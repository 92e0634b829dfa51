"""What of a cluster a run must know."""
