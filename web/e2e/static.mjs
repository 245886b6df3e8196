// A static server that knows nothing of a site: files by their names, a few types, no headers besides.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";

/** Where a folder is on its server. */
const PATH = "/courses/net/";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** serveFolder serves a folder below a path. */
export async function serveFolder(dir, port = 0) {
  const served = { server: undefined, url: "" };
  served.server = createServer(async (q, r) => {
    const path = new URL(q.url, "http://host").pathname;
    const name = path === PATH ? "index.html" : path.slice(PATH.length);
    const body = path.startsWith(PATH) ? await readFile(join(dir, name)).catch(() => undefined) : undefined;
    r.writeHead(body === undefined ? 404 : 200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" });
    r.end(body);
  }).listen(port, "127.0.0.1");
  await once(served.server, "listening");
  served.url = `http://127.0.0.1:${served.server.address().port}${PATH}`;
  return served;
}
