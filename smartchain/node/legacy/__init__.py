"""The historical programs' routes, unchanged in form: their clients work against this node as they are."""
