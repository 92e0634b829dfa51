"""What a run needs to know about a cluster."""
