"""`agui-runtime chat`: a conversation in the terminal, with this process's app or a URL."""
