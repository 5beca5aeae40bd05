# The gateway with its model, its detectors and everything it runs on: nothing is fetched at run time.
# Steps are checked by scripts/check-dockerfile.mjs.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/build.mjs
COPY src src
RUN npm ci
RUN npm prune --omit=dev --ignore-scripts

FROM node:20.20.2-bookworm-slim
RUN groupadd --gid 10001 lensgate && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin lensgate
RUN install -d -o 10001 -g 10001 -m 0750 /config /state /cache /secrets /secrets/redis /secrets/grafana
WORKDIR /app
COPY package.json gateway.yaml LICENSE NOTICE ./
COPY models models
COPY detectors detectors
COPY deploy deploy
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# Weights of an engine that a reload replaced go back to the system: docs/decisions/0012-reload.md.
ENV NODE_ENV=production LENSGATE_STATE_DIR=/state LENSGATE_CACHE_DIR=/cache MALLOC_MMAP_THRESHOLD_=1048576
USER 10001:10001
# Prepares the weights, so that the first start does not; fails where configuration, detectors and model do not go together.
RUN node deploy/lensgate.mjs check
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "deploy/healthy.mjs"]
ENTRYPOINT ["node", "/app/deploy/lensgate.mjs"]
CMD ["serve", "--config", "/config/gateway.yaml"]
