"""What rules see."""
