"""The wire of OpenAI's clients: models, chat completions and responses, over any agent."""
