// A proxy before the real server, on which the way between page and server goes wrong:
// it cuts connections, refuses them, and changes, drops, repeats or invents what the
// server says.
import { once } from "node:events";
import { createServer, request } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

/** forward passes a request on to the server at a URL, and its answer back, whose headers a function may change. */
export function forward(req, res, target, change = (headers) => headers) {
  const on = request(target + req.url, { method: req.method, headers: req.headers }, (got) => {
    res.writeHead(got.statusCode, change(got.headers));
    got.pipe(res);
  });
  on.on("error", () => res.destroy());
  req.pipe(on);
}

/** proxy stands before the server at a URL. */
export async function proxy(target) {
  const way = {
    url: "",
    /** WebSockets are refused. */
    refuse: false,
    /** What becomes of a text of the server's: the texts that the page gets instead. */
    change: (text) => [text],
    /** Texts that the server said, of all connections. */
    said: 0,
    /** cut ends the connections as a broken network does. */
    cut: () => {
      for (const [page] of pairs) page.terminate();
    },
    /** say says something to the pages as if the server had. */
    say: (text) => {
      for (const [page] of pairs) page.send(text);
    },
    /** part ends the connections as the server would. */
    part: () => {
      for (const [page] of pairs) page.close();
    },
    close: () => {
      way.cut();
      http.closeAllConnections();
      http.close();
    },
  };
  const pairs = new Set();
  const { host } = new URL(target);

  const http = createServer((req, res) => forward(req, res, target));
  const wss = new WebSocketServer({ noServer: true });
  http.on("upgrade", (req, socket, head) => {
    if (way.refuse) {
      socket.destroy();
      return;
    }
    const headers = { origin: `http://${host}`, host };
    const server = new WebSocket(`ws://${host}${req.url}`, { headers, perMessageDeflate: false });
    server.on("error", () => socket.destroy());
    server.once("open", () => {
      wss.handleUpgrade(req, socket, head, (page) => {
        const pair = [page, server];
        pairs.add(pair);
        page.on("message", (m) => server.readyState === WebSocket.OPEN && server.send(m.toString()));
        page.on("close", () => {
          pairs.delete(pair);
          server.close();
        });
        server.on("close", (code, reason) => page.close(code === 1006 ? 1001 : code, reason));
        const early = waiting.splice(0);
        const pass = (m) => {
          way.said++;
          for (const text of way.change(m)) page.send(text);
        };
        for (const m of early) pass(m);
        relay = pass;
      });
    });
    // What the server says before the page is there.
    const waiting = [];
    let relay = (m) => waiting.push(m);
    server.on("message", (m) => relay(m.toString()));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  way.url = `http://127.0.0.1:${http.address().port}`;
  return way;
}
