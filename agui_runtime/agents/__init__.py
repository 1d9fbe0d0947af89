"""The Agent seam and what hangs on it: actions, the loop that calls tools, passes, delegates."""
