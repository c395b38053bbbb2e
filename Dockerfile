# syntax=docker/dockerfile:1
# The service: `docker build -t shelfwatch .`, then `docker run -p 127.0.0.1:8000:8000 -v shelfwatch:/data shelfwatch`.
# Both stages stand on the same base, so that the environment made in the first one runs in the second.
ARG BASE=docker.io/library/python:3.12-slim-bookworm
ARG BUILD_BASE=${BASE}

# checkov:skip=CKV_DOCKER_7:the version stands in BASE
FROM ${BUILD_BASE} AS build
# For `strip`: a tenth of the environment is symbols for debuggers. Whichever version there is will do.
# hadolint ignore=DL3008
RUN command -v strip >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends binutils; }
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /source
RUN python3 -m venv /opt/shelfwatch && python3 -m venv /opt/builder
# Locked with hashes: the layer changes only when the lock does.
COPY requirements/image.txt requirements/build.txt requirements/
RUN /opt/shelfwatch/bin/pip install --require-hashes --only-binary :all: -r requirements/image.txt \
    && /opt/builder/bin/pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY ui ui
COPY scripts/slim-environment scripts/
RUN /opt/builder/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/shelfwatch/bin/pip install --no-deps /wheels/*.whl \
    && /opt/shelfwatch/bin/pip uninstall --yes pip setuptools \
    && python3 scripts/slim-environment /opt/shelfwatch

FROM ${BASE}
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ShelfWatch" \
      org.opencontainers.image.description="Shelf audits from photos, on ordinary CPUs" \
      org.opencontainers.image.licenses="MIT AND AGPL-3.0-only" \
      org.opencontainers.image.source="https://github.com/shelfwatch/shelfwatch" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/shelfwatch /opt/shelfwatch
# The only place that is written to; everything else may be read-only.
RUN mkdir /data && chown 10001:10001 /data
ENV PATH=/opt/shelfwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SHELFWATCH_HOST=0.0.0.0 \
    SHELFWATCH_PORT=8000 \
    SHELFWATCH_DATA_DIR=/data \
    SHELFWATCH_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: a container that waits for its database must not be replaced for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['SHELFWATCH_PORT']}/health/live\", timeout=2)"]
ENTRYPOINT ["shelfwatch"]
CMD ["serve"]
