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
      query: `# The same chat as a subscription, every step of it. Stopping it does not stop the run.
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
      query: `# Every event of a thread, then those that come, collected. Resume with the last cursor.
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

  // GraphiQL shows the latest result of a subscription only. This shows all of them, as a list,
  // those that come within a moment at once.
  const MOMENT = 50;
  const collected = (results) => {
    const source = results[Symbol.asyncIterator]();
    const data = {};
    let pending = null;
    const add = (result) => {
      for (const [field, value] of Object.entries(result.data ?? {})) {
        (data[field] ??= []).push(value);
      }
      return { ...result, data };
    };
    const next = async () => {
      const first = await (pending ?? source.next());
      pending = null;
      if (first.done) return first;
      let value = add(first.value);
      const over = new Promise((resolve) => setTimeout(resolve, MOMENT));
      while (!pending) {
        const following = source.next();
        const step = await Promise.race([following, over]);
        if (step && !step.done) value = add(step.value);
        else pending = following; // the moment is over, or the next call tells the end
      }
      return { done: false, value };
    };
    const iterator = { next, return: () => source.return(), [Symbol.asyncIterator]: () => iterator };
    return iterator;
  };

  const isSubscription = ({ operationName }, { documentAST } = {}) =>
    (documentAST?.definitions ?? []).some(
      ({ operation, name }) =>
        operation === "subscription" && (!operationName || name?.value === operationName),
    );

  const fetched = GraphiQL.createFetcher({
    url,
    subscriptionUrl: url.replace(/^http/, "ws"),
  });
  const fetcher = async (params, options) => {
    const results = await fetched(params, options);
    return isSubscription(params, options) ? collected(results) : results;
  };
  const explorer = GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false });
  const page = React.createElement(GraphiQL, {
    fetcher,
    plugins: [explorer],
    defaultTabs: tabs,
  });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
})();
