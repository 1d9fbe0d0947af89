"""What to do about a server's refusal at this command line."""

REMEDIES = {
    401: "it does not know you; give a token with --token or --token-file",
    403: "you may not do this; give another --token, or have whoever runs it allow it",
    404: "the --url has to be a runtimeUrl, or that of an agent",
    410: "what that thread was is gone; begin another one, without --thread",
}
"""What to do at this command line, by what a server answered."""
