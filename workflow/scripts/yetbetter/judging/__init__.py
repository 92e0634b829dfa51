"""A model that judges reasoning."""
