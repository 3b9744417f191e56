# The server, built from this repository: docker build -t fanfare .
FROM node:20-slim AS build
WORKDIR /fanfare
COPY . .
RUN npm ci --ignore-scripts && npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-slim
WORKDIR /fanfare
ENV NODE_ENV=production FANFARE_HOST=0.0.0.0
# npm links the packages of the workspace into node_modules, so their folders come along.
COPY --from=build /fanfare/package.json ./
COPY --from=build /fanfare/node_modules ./node_modules
COPY --from=build /fanfare/core ./core
COPY --from=build /fanfare/adapters ./adapters
COPY --from=build /fanfare/bridges ./bridges
COPY --from=build /fanfare/client ./client
COPY --from=build /fanfare/server ./server
USER node
EXPOSE 6001
HEALTHCHECK --interval=10s --timeout=3s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.FANFARE_PORT || 6001) + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "server/dist/cli.js", "serve"]
