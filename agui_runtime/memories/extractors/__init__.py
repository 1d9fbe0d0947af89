"""What is worth remembering of a conversation: one file for each way to find it."""
