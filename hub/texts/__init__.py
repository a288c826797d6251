"""The hub's texts in Slovene and English: gettext catalogues, read as they are written."""
