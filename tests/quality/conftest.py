"""What pytest leaves alone here: a script, which imports what lies beside it."""

collect_ignore = ["measure.py"]
