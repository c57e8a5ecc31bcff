# Sluice as a container. docker-compose.yml says how to run it.

# The set-up of this repository, as it runs anywhere else: packages, the mediasoup worker, the web app, the SDK.
FROM node:24-bookworm AS build
ENV SLUICE_CACHE_DIR=/opt/sluice-cache
WORKDIR /opt/sluice

# First what the worker is made of: it takes minutes and changes only with mediasoup or the set-up.
COPY .npmrc package.json package-lock.json ./
COPY src/sdk/package.json src/sdk/
COPY src/web/package.json src/web/
COPY scripts scripts
COPY workers/binary workers/binary
COPY recorder/ffmpeg-binary.ts recorder/
RUN node scripts/bootstrap.mjs worker

COPY . .
RUN node scripts/bootstrap.mjs build \
 && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
# What a worker built above loads; the official one, used where it could be downloaded, needs nothing.
# FFmpeg makes the videos of recordings; the fonts are for names in them: most scripts, Chinese, Japanese, Korean, emoji.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libabsl20220623 libsrtp2-1 libssl3 libuv1 \
      ffmpeg fonts-noto-cjk fonts-noto-core fonts-symbola \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o node -g node /data
COPY --from=build /opt/sluice-cache/worker /opt/sluice-cache/worker
COPY --from=build /opt/sluice /opt/sluice

ENV NODE_ENV=production \
    SLUICE_CACHE_DIR=/opt/sluice-cache \
    SLUICE_DATA_DIR=/data \
    SLUICE_MODE=production
WORKDIR /opt/sluice
USER node
VOLUME /data
# HTTP and WebSocket; media, one port per worker, over UDP and TCP.
EXPOSE 4443/tcp 44444-44459/udp 44444-44459/tcp
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:4443/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
