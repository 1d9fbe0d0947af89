// GraphiQL on the address that this page has: queries, parts of answers, and subscriptions.
(() => {
  const url = location.origin + location.pathname;
  const chat = {
    metadata: { requestType: "Chat" },
    threadId: "playground",
    frontend: { actions: [] },
    messages: [
      {
        id: "message-1",
        createdAt: "2026-01-01T00:00:00.000Z",
        textMessage: { role: "user", content: "Hello! What can you do?" },
      },
    ],
  };

  const examples = [
    {
      query: `# A chat, as a CopilotKit front end asks for it: the answer grows part by part.
mutation Chat($data: GenerateCopilotResponseInput!) {
  generateCopilotResponse(data: $data) {
    threadId
    ... @defer {
      status {
        ... on BaseResponseStatus {
          code
        }
        ... on FailedResponseStatus {
          reason
          details
        }
      }
    }
    messages @stream {
      __typename
      id
      ... on TextMessageOutput {
        role
        content @stream
      }
      ... on ActionExecutionMessageOutput {
        name
        arguments @stream
      }
    }
  }
}
`,
      variables: { data: chat },
    },
    {
      query: `# The agents there are, and what the default one remembers of the chat.
query State($data: LoadAgentStateInput!) {
  availableAgents {
    agents {
      name
      description
    }
  }
  loadAgentState(data: $data) {
    threadExists
    state
    messages
  }
}
`,
      variables: { data: { threadId: "playground", agentName: "default" } },
    },
    {
      query: `# The same chat as a subscription: stopping it does not stop the run.
subscription Answer($data: GenerateCopilotResponseInput!) {
  generateCopilotResponse(data: $data) {
    runId
    cursor
    message {
      __typename
      ... on TextMessageOutput {
        content
      }
    }
    metaEvent {
      __typename
      ... on MetaEventResponse {
        event
        status
      }
    }
    status {
      ... on BaseResponseStatus {
        code
      }
    }
  }
}
`,
      variables: { data: chat },
    },
    {
      query: `# Every event of a thread, then those that come. Resume with the last cursor.
subscription Events($threadId: String!, $after: String) {
  runEvents(threadId: $threadId, after: $after) {
    cursor
    type
    event
  }
}
`,
      variables: { threadId: "playground", after: null },
    },
  ];

  const tabs = examples.map(({ query, variables }) => ({
    query,
    variables: JSON.stringify(variables, null, 2),
  }));
  // GraphiQL takes the variables of the first tab from what it stored last time, and only there.
  if (!localStorage.getItem("graphiql:tabState")) {
    localStorage.setItem("graphiql:variables", tabs[0].variables);
  }

  const fetcher = GraphiQL.createFetcher({
    url,
    subscriptionUrl: url.replace(/^http/, "ws"),
  });
  const explorer = GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false });
  const page = React.createElement(GraphiQL, {
    fetcher,
    plugins: [explorer],
    defaultTabs: tabs,
  });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
})();
