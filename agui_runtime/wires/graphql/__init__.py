"""The GraphQL wire of CopilotKit 1.10.6 and older: one mutation that streams, and queries."""
