# The image of `agui-runtime serve`; docs/deploy.md says how to use it.
#
# Tags move. To build the same image again, name both bases by the digest that
# `docker buildx imagetools inspect python:3.13-slim` prints:
#   docker build --build-arg PYTHON_IMAGE=python:3.13-slim@sha256:... \
#                --build-arg NODE_IMAGE=node:22-slim@sha256:... -t agui-runtime .
ARG PYTHON_IMAGE=python:3.13-slim
ARG NODE_IMAGE=node:22-slim


# The pages that browsers are shown.
FROM ${NODE_IMAGE} AS pages
WORKDIR /pages/agui_runtime/wires/graphql/graphiql
COPY agui_runtime/wires/graphql/graphiql/package.json agui_runtime/wires/graphql/graphiql/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY agui_runtime/wires/graphql/graphiql ./
RUN npm run build
WORKDIR /pages/agui_runtime/wires/ui
WORKDIR /pages/ui
COPY ui/package.json ui/package-lock.json ./
COPY ui/replaced replaced
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY ui ./
RUN npm run build


# A virtual environment of the locked packages, each checked by its hash; nothing is compiled.
FROM ${PYTHON_IMAGE} AS environment
WORKDIR /source
ARG EXTRAS=jwt,keys,metrics,otel,postgres,prices,redis,taskiq
COPY scripts.py pyproject.toml requirements.lock requirements-dev.lock ./
COPY .ci .ci
RUN python scripts.py requirements "$EXTRAS" > /requirements.txt \
 && python scripts.py requirements build > /build.txt
RUN python -m venv --without-pip /opt/agui-runtime \
 && python -m pip --python /opt/agui-runtime/bin/python install --no-cache-dir --no-deps \
      --only-binary=:all: --require-hashes -r /requirements.txt
RUN python -m venv --without-pip /build \
 && python -m pip --python /build/bin/python install --no-cache-dir --no-deps \
      --only-binary=:all: --require-hashes -r /build.txt
COPY README.md LICENSE ./
COPY agui_runtime agui_runtime
COPY --from=pages /pages/agui_runtime/wires/graphql/graphiql/dist agui_runtime/wires/graphql/graphiql/dist
COPY --from=pages /pages/agui_runtime/wires/ui/dist agui_runtime/wires/ui/dist
RUN /build/bin/python -m hatchling build -t wheel -d /wheel \
 && python -m pip --python /opt/agui-runtime/bin/python install --no-cache-dir --no-deps \
      --no-index /wheel/*.whl \
 && python -m pip --python /opt/agui-runtime/bin/python inspect > /opt/agui-runtime/packages.json


FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="agui_runtime" \
      org.opencontainers.image.description="Connects CopilotKit front ends to agents written in Python." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/agui-runtime/agui-runtime"
# An agent's MCP servers may leave processes behind; the first process of a container has to reap them.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*
RUN install --directory --owner=10001 --group=10001 /data
COPY --from=environment /opt/agui-runtime /opt/agui-runtime
ENV PATH=/opt/agui-runtime/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    AGUI_PRODUCTION=1 \
    AGUI_STORE=sqlite:////data/threads.db
# Where AGUI_APP is imported from.
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["tini", "--", "agui-runtime"]
# Refused until AGUI_TOKENS_FILE or another setting says who may ask.
CMD ["serve", "--host", "0.0.0.0"]
