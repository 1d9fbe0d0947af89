"""ag-ui-langgraph serving the graph at `/`."""

import sys

import uvicorn
from ag_ui_langgraph import LangGraphAgent, add_langgraph_fastapi_endpoint
from fastapi import FastAPI
from graphs import graph

app = FastAPI()
add_langgraph_fastapi_endpoint(app, LangGraphAgent(name="graph", graph=graph()), "/")
uvicorn.run(app, fd=int(sys.argv[1]), log_level="warning")
