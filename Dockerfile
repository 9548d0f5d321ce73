# syntax=docker/dockerfile:1
# Two images: `production` (the last stage, the default) and `sandbox`, which has the test cashier as well.

FROM node:24-slim AS web
WORKDIR /web
COPY passes/web/package.json passes/web/package-lock.json passes/web/.npmrc ./
RUN npm ci
COPY passes/web ./
RUN npm run build

FROM python:3.13-slim AS runtime
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
RUN useradd --system --create-home youyou && mkdir -m 1777 /tmp/metrics
COPY requirements.lock /
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock
RUN printf '#!/bin/sh\nexec python -m passes.cli "$@"\n' > /usr/local/bin/youyou && chmod 755 /usr/local/bin/youyou
WORKDIR /app

FROM runtime AS source
COPY LICENSE setup.cfg ./
COPY migrations migrations
COPY consumers consumers
COPY passes passes
COPY --from=web /web/static passes/web/static
RUN pybabel compile -d passes/web/translations && rm -rf passes/web/src passes/web/tests

FROM runtime AS sandbox
COPY --from=source /app /app
USER youyou
CMD ["youyou", "web", "--host", "0.0.0.0"]

FROM source AS without-cashier
RUN rm -rf passes/cashier passes/web/templates/cashier

FROM runtime AS production
COPY --from=without-cashier /app /app
USER youyou
EXPOSE 8000
CMD ["youyou", "web", "--host", "0.0.0.0"]
