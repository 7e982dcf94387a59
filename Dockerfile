# The plugin as an image, for plain Docker (docs/SWARM.md says how to run it; Swarm takes only the managed plugin).
# After `npm run build:docker-plugin`: docker build --tag limpet .
ARG NODE_IMAGE=node:20-bookworm-slim
FROM ${NODE_IMAGE}
COPY dist/docker-plugin/rootfs/limpet /limpet
ENV LIMPET_STORE=file:///var/lib/limpet
VOLUME /var/lib/limpet
ENTRYPOINT ["node", "/limpet/limpet.mjs", "docker-plugin", "--socket", "/run/docker/plugins/limpet.sock"]
