"""The report: one page that holds a study's claims, figures and tables, and opens from a file."""
