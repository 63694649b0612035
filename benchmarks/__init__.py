"""Measurements of skpbnas: a folder for each page of the documentation. Read README.md."""
