"""What can speak: a wire is a cursor on a thread's log plus an encoder, and knows no other wire."""
