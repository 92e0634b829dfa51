"""The library that the programs of Yet Better share; its core needs the standard library and NumPy only."""
