# The image of one service: docker build --build-arg SERVICE=registration -t ateliers-registration .
# Services: registration, scheduling, notification, feedback; `local` is the demo that plays a season on them.
ARG BASE=python:3.13-slim

# Only what decides on dependencies: as long as it stays the same, so do the layers that hold them.
FROM ${BASE} AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name pyproject.toml ! -name uv.lock -delete && find . -type d -empty -delete

FROM ${BASE} AS build
RUN pip install --no-cache-dir --root-user-action ignore uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/ateliers UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1
WORKDIR /src
COPY --from=manifests /src .
RUN uv sync --frozen --no-dev --no-install-workspace --package ateliers-chassis
ARG SERVICE
RUN uv sync --frozen --no-dev --no-install-workspace --package ateliers-${SERVICE}
COPY . .
RUN uv sync --frozen --no-dev --no-editable --package ateliers-${SERVICE} && \
    ln -s ${SERVICE} /opt/ateliers/bin/service

FROM ${BASE}
ARG SERVICE
ARG VERSION=local
ARG REVISION=
LABEL org.opencontainers.image.title="ateliers-${SERVICE}" \
      org.opencontainers.image.description="Ateliers interactifs: the ${SERVICE} service" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/ateliers /opt/ateliers
COPY deploy/docker/healthcheck.py /opt/ateliers/
ENV PATH=/opt/ateliers/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HTTP_HOST=0.0.0.0 HTTP_PORT=8080 SECRETS_DIR=/run/secrets
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=20s --start-period=180s --retries=3 \
    CMD ["python", "-I", "-S", "/opt/ateliers/healthcheck.py"]
ENTRYPOINT ["service"]
