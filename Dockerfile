# syntax=docker/dockerfile:1
FROM node:20-slim AS frontend
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM python:3.11-slim AS packages
COPY requirements/run.lock /tmp/run.lock
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/run.lock

FROM python:3.11-slim AS app
RUN useradd --system --uid 10001 --home-dir /srv/cuedesk --create-home cuedesk
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/cuedesk
COPY backend backend
COPY alembic alembic
COPY --from=frontend /src/frontend/dist frontend/dist
USER cuedesk
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 CUEDESK_HOST=0.0.0.0 CUEDESK_LOG_FORMAT=json
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "backend", "serve"]

FROM nginx:1.28-alpine AS web
COPY nginx.conf /etc/nginx/nginx.conf
COPY --from=frontend /src/frontend/dist /usr/share/nginx/html
