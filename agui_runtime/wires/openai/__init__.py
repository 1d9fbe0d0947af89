"""The wire of OpenAI's clients: models and chat completions, over any agent."""
