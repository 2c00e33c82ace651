"""What limits the hub now: measured, and said in sentences with what to do."""
