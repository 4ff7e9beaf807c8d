"""
The explorer: the chain for people, at `/`.

    questions.py   what the address line asks for, checked
    search.py      what a text may name
    pages.py       from a question to a page, out of one view of the store
    lists.py       lists, a piece at a time
    tally.py       what happened over time, in a few hundred columns; counting.py keeps it up with the chain
    forms.py       how amounts, times and hashes are written
    page.py        a page as HTML, JSON and CSV
    fleet.py       the front page of a node that serves several chains
    site.py        the routes
    static.py      styles and scripts; templates/ is the HTML
"""

from smartchain.node.explorer.site import routes

__all__ = ["routes"]
