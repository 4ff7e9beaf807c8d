"""Who is let in, how often, and from where."""
