"""What is presented at a reader, and to whom it was issued."""
