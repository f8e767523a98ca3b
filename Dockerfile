# The images of Tersor. One target each:
#
#   api          HTTP alone: src/ without the tensor runtime, for many machines (docs/operations/several-hosts.md)
#   worker       runs jobs on the CPU
#   worker-gpu   runs jobs on an NVIDIA GPU too (docs/operations/gpu.md)
#   standalone   API and worker in one process, records and files in /data
#
#   docker build --target standalone -t tersor .
#
# What of this file was run, where and how: docs/operations/what-was-run.md.

ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG CUDA_IMAGE=docker.io/nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04

# What npm must know to install; changes less often than the code, so the layers below stay cached.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY sdk/typescript/package.json sdk/typescript/

FROM manifests AS build
RUN npm ci
COPY tsconfig.json tsconfig.build.json tsconfig.image.json ./
COPY src/ src/
COPY workers/ workers/
COPY scripts/bundle-child.ts scripts/
RUN npx tsc -p tsconfig.image.json && node dist/scripts/bundle-child.js

# The API needs neither the tensor runtime (290 MB) nor what only measures results. npm takes them out of the lockfile
# first, so that everything else is what the lockfile says and they are never downloaded.
FROM manifests AS api-modules
RUN npm pkg delete dependencies.onnxruntime-node dependencies.@hpcc-js/wasm-zstd \
  && npm install --package-lock-only --omit=dev \
  && npm ci --omit=dev

# The runtime brings binaries of every platform; one is used.
FROM manifests AS worker-modules
RUN npm ci --omit=dev \
  && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d \
    ! -path "*/linux/$(node -p process.arch)" -exec rm -rf {} +

FROM ${NODE_IMAGE} AS base
ENV NODE_ENV=production \
  TERSOR_HOST=0.0.0.0 \
  TERSOR_DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY package.json LICENSE ./
STOPSIGNAL SIGTERM

FROM base AS api
COPY --from=api-modules /app/node_modules/ node_modules/
COPY --from=build /app/dist/src/ dist/src/
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.TERSOR_PORT||8080)+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/src/main.js"]

FROM base AS worker
COPY --from=worker-modules /app/node_modules/ node_modules/
COPY --from=build /app/dist/src/ dist/src/
COPY --from=build /app/dist/workers/ dist/workers/
ENV TERSOR_METRICS_PORT=9464
USER node
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.TERSOR_METRICS_PORT+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/workers/main.js"]

# The libraries of the CUDA provider are not in npm: the runtime's own script fetches them from NuGet, or nothing with
# --build-arg ONNXRUNTIME_NODE_INSTALL=skip. Fetching was not run by our benchmark, which reaches no NuGet.
FROM worker-modules AS worker-gpu-modules
ARG ONNXRUNTIME_NODE_INSTALL=cuda12
RUN ONNXRUNTIME_NODE_INSTALL=${ONNXRUNTIME_NODE_INSTALL} node node_modules/onnxruntime-node/script/install.js

# Not run on its real base either, which comes from a registry that the benchmark does not reach, nor with a card.
FROM ${CUDA_IMAGE} AS worker-gpu
COPY --from=base /usr/local/bin/node /usr/local/bin/node
# WebGPU goes through Vulkan; the driver comes from the host.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvulkan1 \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production \
  TERSOR_HOST=0.0.0.0 \
  TERSOR_DATA_DIR=/data \
  TERSOR_METRICS_PORT=9464 \
  NVIDIA_VISIBLE_DEVICES=all \
  NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics
WORKDIR /app
RUN groupadd --gid 10001 tersor \
  && useradd --uid 10001 --gid tersor --no-create-home tersor \
  && mkdir /data && chown tersor:tersor /data
COPY package.json LICENSE ./
COPY --from=worker-gpu-modules /app/node_modules/ node_modules/
COPY --from=build /app/dist/src/ dist/src/
COPY --from=build /app/dist/workers/ dist/workers/
STOPSIGNAL SIGTERM
USER tersor
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.TERSOR_METRICS_PORT+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/workers/main.js"]

FROM base AS standalone
COPY --from=worker-modules /app/node_modules/ node_modules/
COPY --from=build /app/dist/src/ dist/src/
COPY --from=build /app/dist/workers/ dist/workers/
USER node
EXPOSE 8080
VOLUME /data
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.TERSOR_PORT||8080)+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/workers/standalone.js"]
