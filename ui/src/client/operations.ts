// Written by `python -m tests.wires.ui.operations`: what each operation in these sources is given,
// and what comes of it.

export interface Operations {
  Agents: {
    variables: Record<string, never>;
    result: {
      agents: Array<{
        name: string;
        description: string;
        capabilities: unknown | null;
        breaker: "Closed" | "Open" | "HalfOpen" | null;
      }>;
    };
  };
  CorrectMemory: {
    variables: {
      id: string;
      text: string;
    };
    result: {
      correctMemory: {
        id: string;
      };
    };
  };
  DeleteMemory: {
    variables: {
      id: string;
    };
    result: {
      deleteMemory: string;
    };
  };
  ExportMemory: {
    variables: {
      first: number;
      after?: string | null;
    };
    result: {
      memory: {
        nodes: Array<{
          id: string;
          tier: "Core" | "Associative" | "Episodic" | "Proactive";
          readable: boolean;
          text: string;
          key: string;
          entity: string;
          times: number;
          confidence: number | null;
          createdAt: string | null;
          updatedAt: string | null;
          origin: {
            threadId: string;
            runId: string;
            messageId: string;
            extractor: string;
          };
        }>;
        pageInfo: {
          hasNextPage: boolean;
          endCursor: string | null;
        };
      };
    };
  };
  ForgetMe: {
    variables: Record<string, never>;
    result: {
      forgetMe: boolean;
    };
  };
  LoadState: {
    variables: {
      data: {
        threadId: string;
        agentName: string;
      };
    };
    result: {
      loadAgentState: {
        threadExists: boolean;
        state: string;
        version: number;
      };
    };
  };
  Memory: {
    variables: {
      tier?: "Core" | "Associative" | "Episodic" | "Proactive" | null;
      threadId?: string | null;
      ids?: Array<string> | null;
      first: number;
      after?: string | null;
    };
    result: {
      memory: {
        nodes: Array<{
          id: string;
          tier: "Core" | "Associative" | "Episodic" | "Proactive";
          readable: boolean;
          text: string;
          key: string;
          entity: string;
          times: number;
          confidence: number | null;
          updatedAt: string | null;
          origin: {
            threadId: string;
            runId: string;
            messageId: string;
            extractor: string;
            thread: {
              name: string | null;
            } | null;
          };
        }>;
        pageInfo: {
          hasNextPage: boolean;
          endCursor: string | null;
        };
      };
    };
  };
  Numbers: {
    variables: {
      since: string;
      by: "MODEL" | "AGENT" | "DAY" | "THREAD" | "ALL";
    };
    result: {
      usage: Array<{
        key: string | null;
        runs: number;
        inputTokens: number;
        outputTokens: number;
        unpriced: number;
        cost: {
          usd: string;
        } | null;
      }>;
      outcomes: Array<{
        key: string | null;
        failures: Array<{
          code: string;
          runs: number;
        }>;
        firstEvent: {
          median: number;
          p95: number;
        } | null;
        duration: {
          median: number;
          p95: number;
        } | null;
      }>;
      allUsage: Array<{
        key: string | null;
        runs: number;
        inputTokens: number;
        outputTokens: number;
        unpriced: number;
        cost: {
          usd: string;
        } | null;
      }>;
      allOutcomes: Array<{
        key: string | null;
        failures: Array<{
          code: string;
          runs: number;
        }>;
        firstEvent: {
          median: number;
          p95: number;
        } | null;
        duration: {
          median: number;
          p95: number;
        } | null;
      }>;
    };
  };
  Remember: {
    variables: {
      data: {
        tier: "Core" | "Associative" | "Episodic" | "Proactive";
        text: string;
        key?: string | null;
        entity?: string | null;
      };
    };
    result: {
      remember: {
        id: string;
      };
    };
  };
  Run: {
    variables: {
      id: string;
      thread: string;
      first: number;
      after?: string | null;
    };
    result: {
      run: {
        agentName: string;
        status: "Queued" | "Running" | "Finished" | "Interrupted" | "Stopped" | "Failed";
        continuedBy: string | null;
        provider: string | null;
        model: string | null;
        errorCode: string | null;
        cost: {
          usd: string;
          prices: string;
        } | null;
        usage: {
          inputTokens: number | null;
          outputTokens: number | null;
          totalTokens: number | null;
          reasoningTokens: number | null;
        } | null;
        timing: {
          startedAt: string;
          durationMilliseconds: number | null;
          firstEventMilliseconds: number | null;
        };
        messageFigures: Array<{
          messageId: string;
          milliseconds: number | null;
        }>;
        events: {
          nodes: Array<{
            cursor: string;
            seq: number;
            type: string;
            event: Record<string, unknown>;
          }>;
          pageInfo: {
            hasNextPage: boolean;
            endCursor: string | null;
          };
        };
      } | null;
    };
  };
  SaveState: {
    variables: {
      data: {
        threadId: string;
        agentName: string;
        state: string;
        messages?: Array<{
          id: string;
          createdAt: string;
          textMessage?: {
            content: string;
            parentMessageId?: string | null;
            role: "user" | "assistant" | "system" | "tool" | "developer";
          } | null;
          actionExecutionMessage?: {
            name: string;
            arguments: string;
            parentMessageId?: string | null;
            scope?: string | null;
          } | null;
          resultMessage?: {
            actionExecutionId: string;
            actionName: string;
            parentMessageId?: string | null;
            result: string;
          } | null;
          agentStateMessage?: {
            threadId: string;
            agentName: string;
            role: "user" | "assistant" | "system" | "tool" | "developer";
            state: string;
            running: boolean;
            nodeName: string;
            runId: string;
            active: boolean;
          } | null;
          imageMessage?: {
            format: string;
            bytes: string;
            parentMessageId?: string | null;
            role: "user" | "assistant" | "system" | "tool" | "developer";
          } | null;
        }> | null;
        expectedVersion?: number | null;
      };
    };
    result: {
      saveAgentState: {
        version: number;
      };
    };
  };
  StateThread: {
    variables: {
      id: string;
    };
    result: {
      thread: {
        id: string;
        name: string | null;
        agentName: string;
        runs: Array<{
          id: string;
          agentName: string;
          status: "Queued" | "Running" | "Finished" | "Interrupted" | "Stopped" | "Failed";
          continuedBy: string | null;
          question: string | null;
          timing: {
            startedAt: string;
          };
        }>;
      } | null;
    };
  };
}
