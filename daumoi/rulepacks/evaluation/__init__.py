"""What rules answer: pure functions of a rule and of facts."""
