"""The report of a run: one page that opens offline; `collect` asks the store, `render` writes the page."""
