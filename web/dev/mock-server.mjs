// A small fake lab that speaks the protocol, for work on the page and its tests:
// alice pings bob once a second, and bob's pingd can be stopped, replaced and killed.
// `node dev/mock-server.mjs [port]` serves web/dist; the real server is labserver.
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { WebSocketServer } from "ws";

const dist = join(import.meta.dirname, "../dist");
const fixtures = join(import.meta.dirname, "../../internal/stream/testdata");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };
const CSP = "default-src 'self'; img-src 'self' data:";
const SECOND = 1e9;
const KEPT = 20_000;
/** Events of a message, beyond which the oldest are only counted, and messages that are not acknowledged. */
const BATCH = 400;
const PUSHES = 4;

/** A lab: its log, its clock, who watches. */
class Lab {
  constructor(hello, tree) {
    this.id = randomBytes(16).toString("base64url");
    this.hello = hello;
    this.tree = tree;
    this.log = [];
    this.next = 1;
    this.at = 0;
    this.rate = 1;
    this.paused = false;
    this.steps = 0;
    this.frame = 0;
    this.seq = 0;
    this.viewers = new Set();
    this.program = "pingd.wasm";
    this.pingd = { state: "sleeping", wchan: "tapread", fuel: 1204, cpu: 0.01, spin: false, exit: undefined };
    this.runs = 2;
    this.guests = []; // what was run at a prompt, and its children
    this.tunnel = false; // tun0 is there, as it is while a program has it open
    this.emit("lab", { text: "ping", n: 42 });
    this.boot();
    this.ping();
  }

  emit(k, o = {}) {
    this.log.push({ seq: this.next++, t: Math.trunc(this.at), k, ...o });
    if (this.log.length > KEPT) this.log.splice(0, this.log.length - KEPT);
  }

  boot() {
    const who = { node: "bob", proc: "pingd", pid: ++this.runs };
    this.who = who;
    this.emit("start", { ...who, text: this.program, path: "9f86d081884c7d65" });
    this.emit("call", { ...who, op: "open", path: "/dev/tap0", n: 4, began: this.at, fuel: 1204, text: "O_RDWR" });
    this.emit("iface", { node: "bob", port: "bob:tap0", op: "link", text: "link state up" });
    this.console(who, `pingd: answering for 10.0.0.2 on /dev/tap0\n`);
  }

  console(who, text, fd = 1) {
    this.emit("console", { ...who, fd, text });
  }

  /** What a program prints in one go is shown in part, as the server does it. */
  thin(events) {
    const printed = events.filter((e) => e.k === "console" && e.proc === "flood.1");
    if (printed.length < 100) return events;
    const text = printed.map((e) => e.text).join("");
    const gap = text.slice(2000, -80);
    const first = printed[0];
    const item = {
      ...first,
      text: text.slice(0, 2000),
      events: printed.length,
      to: printed.at(-1).seq,
      left: { lines: gap.split("\n").length - 1, bytes: gap.length },
      tail: text.slice(-80),
    };
    return events.filter((e) => e === first || !printed.includes(e)).map((e) => (e === first ? item : e));
  }

  /** One ping and, when pingd lives, its answer. */
  ping(who = { node: "alice", proc: "ping", pid: 1 }) {
    const n = this.seq++;
    const alive = this.pingd.state !== "exited" && this.pingd.state !== "stopped" && !this.pingd.spin;
    const hop = (port, peer, frame, data, sum) => {
      this.emit("frame", { port, peer, n: port === "s1.2" || port === "bob:tap0" ? 0 : 1e6, frame, data, sum });
      this.at += 1e6;
    };
    const there = (frame, data, sum) => {
      hop("alice:em0", "s1.1", frame, data, sum);
      if (n === 0) this.emit("learn", { node: "s1", port: "s1.1", text: "02:00:00:00:00:0a" });
      hop("s1.2", "bob:tap0", frame, data, sum);
    };
    const answer = (data, sum, back, backSum) => {
      const frame = ++this.frame;
      there(frame, data, sum);
      if (!alive) return;
      const dev = { ...this.who, fd: 4, path: "/dev/tap0" };
      const len = data.length / 2;
      this.pingd.fuel += 312;
      this.emit("call", {
        ...dev,
        op: "read",
        len: 2048,
        n: len,
        began: Math.max(this.at - 998e6, 1),
        fuel: this.pingd.fuel,
        frame,
        data,
        sum,
      });
      this.at += 1000;
      this.emit("call", {
        ...dev,
        op: "write",
        len,
        n: len,
        began: this.at,
        fuel: this.pingd.fuel,
        frame: ++this.frame,
        data: back,
        sum: backSum,
      });
      hop("bob:tap0", "s1.2", this.frame, back, backSum);
      hop("s1.1", "alice:em0", this.frame, back, backSum);
    };
    if (n % 10 === 0) {
      answer(
        arp(1, "ffffffffffff", MAC.a, "0a000001", "000000000000", "0a000002"),
        { proto: "ARP", src: "02:00:00:00:00:0a", dst: "ff:ff:ff:ff:ff:ff", info: "who has 10.0.0.2, tell 10.0.0.1" },
        arp(2, MAC.a, MAC.b, "0a000002", MAC.a, "0a000001"),
        { proto: "ARP", src: "02:00:00:00:00:0b", dst: "02:00:00:00:00:0a", info: "10.0.0.2 is at 02:00:00:00:00:0b" },
      );
    }
    if (alive && n % 10 === 5) {
      this.emit("call", {
        ...this.who,
        fd: 4,
        path: "/dev/tap0",
        op: "read",
        len: 2048,
        n: -1,
        errno: "EWOULDBLOCK",
        began: this.at,
        fuel: this.pingd.fuel,
      });
    }
    answer(
      echo(8, n, MAC.b, MAC.a, "0a0000010a000002"),
      { proto: "ICMP", src: "10.0.0.1", dst: "10.0.0.2", info: `echo request id 7 seq ${n}` },
      echo(0, n, MAC.a, MAC.b, "0a0000020a000001"),
      { proto: "ICMP", src: "10.0.0.2", dst: "10.0.0.1", info: `echo reply id 7 seq ${n}` },
    );
    if (alive) this.console(who, `64 bytes from 10.0.0.2: icmp_seq=${n} ttl=64 time=4.001 ms\n`);
    else this.console(who, `ping: no answer from 10.0.0.2 for icmp_seq=${n}\n`, 2);
  }

  /** Real time passed: virtual time follows, pings are due. */
  tick(ms) {
    if (this.paused) return;
    const from = Math.floor(this.at / SECOND);
    const to = this.at + ms * 1e6 * (this.rate || 50);
    if (this.pingd.spin) this.pingd.fuel += Math.trunc((to - this.at) / 10);
    if (Math.floor(to / SECOND) > from) {
      this.at = (from + 1) * SECOND;
      this.steps += 12;
      this.ping();
    }
    this.at = Math.max(this.at, to);
  }

  state() {
    const p = this.pingd;
    const alive = p.state !== "exited" && p.state !== "stopped";
    return {
      type: "state",
      t: Math.trunc(this.at),
      rate: this.rate,
      paused: this.paused,
      lag: this.rate === 0 ? 240e6 : 2e6,
      steps: this.steps,
      ended: false,
      procs: [
        ...this.guests.map((g) => ({
          ...g,
          state: "sleeping",
          wchan: g.program === "chatter" ? "select" : "ttyin",
          fuel: 0,
          cpu: 0,
          memory: 0,
        })),
        {
          node: "alice",
          proc: "ping",
          pid: 1,
          state: "sleeping",
          wchan: "select",
          fuel: 0,
          cpu: 0,
          memory: 0,
          program: "(native)",
        },
        {
          node: "bob",
          proc: "pingd",
          pid: this.who.pid,
          state: p.spin && alive ? "running" : p.state,
          wchan: p.spin ? "" : p.wchan,
          fuel: p.fuel,
          cpu: alive ? (p.spin ? 1 : p.cpu) : 0,
          memory: alive ? 3_145_728 : 0,
          program: this.program,
          ...(p.exit === undefined ? {} : { exit: p.exit }),
        },
      ],
      ifaces: [
        {
          port: "alice:em0",
          kind: "nic",
          mac: "02:00:00:00:00:0a",
          mtu: 1500,
          addresses: ["10.0.0.1/24"],
          flags: ["UP", "BROADCAST", "RUNNING"],
          link: "up",
          qlen: 0,
          qmax: 50,
          counters: { ipackets: this.frame, opackets: this.frame },
        },
        {
          port: "bob:tap0",
          kind: "tap",
          mac: "02:00:00:00:00:0b",
          mtu: 1500,
          addresses: [],
          flags: ["UP", "BROADCAST", "RUNNING"],
          link: "up",
          qlen: 0,
          qmax: 50,
          counters: { ipackets: this.frame, opackets: this.frame, oerrors: 0, ierrors: 0, collisions: 0 },
        },
        ...(this.tunnel ? [tun("alice", "10.8.0.1 --> 10.8.0.2"), tun("bob", "10.8.0.2 --> 10.8.0.1")] : []),
      ],
      nodes: [
        {
          node: "alice",
          forward: this.tunnel,
          forward6: false,
          routes: [
            { to: "0.0.0.0/0", via: "10.0.0.9", dev: "em0", flags: "UGS" },
            { to: "10.0.0.0/24", dev: "em0", flags: "U" },
          ],
        },
      ],
      viewers: this.viewers.size,
      drops: { events: 0, left: 0 },
    };
  }

  end(op, code, why) {
    this.pingd.state = op === "killed" ? "stopped" : "exited";
    this.pingd.spin = false;
    this.pingd.exit = { code, why };
    this.emit("exit", { ...this.who, n: code, op, text: why, fuel: this.pingd.fuel });
  }

  begin(node, program, ppid = 0) {
    const who = { node, proc: `${program}.${++this.runs}`, pid: this.runs, ppid, program };
    this.guests.push(who);
    this.emit("start", { ...of(who), text: program });
    return who;
  }

  leave(who, code, op = "exit", text = "") {
    this.guests = this.guests.filter((g) => g !== who);
    this.emit("exit", { ...of(who), n: code, op, text, fuel: 0 });
  }

  /** A signal ends a process; its children have no parent then. */
  signal(who, name) {
    this.emit("signal", { ...of(who), op: name, text: "ends the process" });
    this.leave(who, name === "SIGINT" ? 130 : 143, "killed", `killed by ${name}`);
    for (const g of this.guests) if (g.ppid === who.pid) g.ppid = 0;
  }

  typed(who, text) {
    if (who === undefined) return;
    if (who.program === "family" && text === "\u0003") {
      for (const g of this.guests.filter((x) => x.ppid === who.pid)) this.signal(g, "SIGINT");
      this.signal(who, "SIGINT");
    } else if (text === "\u0004") this.leave(who, 0);
    else if (who.program === "cat") {
      if (text === "\u0003") this.signal(who, "SIGINT");
      else this.console(who, text);
    } else if (text === "\u0003") this.console(who, "= -1 EINTR (Interrupted system call)\nsyscall> ");
    else if (text === "open /dev/tap0\n") this.console(who, "= 4\nsyscall> ");
  }

  command(c) {
    const alive = this.pingd.state === "sleeping" || this.pingd.state === "running";
    if (c.op !== "decode" && c.op !== "text") {
      const { type: _, id: __, ...what } = c;
      this.emit("command", {
        op: c.op,
        node: c.node ?? "",
        proc: c.proc ?? "",
        text: JSON.stringify(c.op === "exec" ? { op: c.op, node: c.node, line: c.line } : what),
        n: this.steps,
      });
    }
    switch (c.op) {
      case "pause":
        this.paused = true;
        return {};
      case "resume":
        this.paused = false;
        return {};
      case "rate":
        this.rate = c.rate;
        return {};
      case "step":
        this.steps++;
        this.at += 1e6;
        this.emit("learn", { node: "s1", port: "s1.2", text: "02:00:00:00:00:0b" });
        return {};
      case "decode":
        return { fields: this.tree(c.hex), summary: { proto: "Ethernet" } };
      case "exec": {
        if (c.line === "syscall") {
          const who = this.begin(c.node, "syscall");
          this.console(who, "syscall> ");
          return { proc: who.proc };
        }
        if (/^(print|flood) \d+$/.test(c.line)) {
          // Lines, many at once; what flood prints is shown in part.
          const [name, count] = c.line.split(" ");
          const who = { node: c.node, proc: `${name}.1`, pid: ++this.runs };
          this.emit("start", { ...who, text: name });
          const each = name === "flood" ? 1 : 1000;
          for (let i = 0; i < Number(count); i += each) {
            const lines = Array.from({ length: Math.min(each, Number(count) - i) }, (_, k) => `line ${i + k + 1}\n`);
            this.console(who, lines.join(""));
          }
          this.emit("exit", { ...who, n: 0, op: "exit", fuel: 0 });
          return { proc: who.proc };
        }
        if (c.line === "cat") return { proc: this.begin(c.node, "cat").proc };
        if (c.line === "ls /tmp | cat > /tmp/x") {
          const [a, b] = [this.begin(c.node, "ls"), this.begin(c.node, "cat")];
          this.emit("call", { ...of(a), op: "write", fd: 1, path: "pipe", len: 2, n: 2, data: "780a" });
          this.leave(a, 0);
          this.leave(b, 0);
          return { proc: b.proc };
        }
        if (c.line.startsWith("family ")) {
          // Children by the number, one of which runs into a limit.
          const who = this.begin(c.node, "family");
          for (let i = 0; i < Number(c.line.slice(7)); i++) {
            const kid = this.begin(c.node, "kid", who.pid);
            this.emit("call", {
              ...of(who),
              op: "spawn",
              n: kid.pid,
              text: '["kid"], [0 1 2]',
              fuel: 20_000 * (i + 1),
            });
          }
          const text = "the process has 64 files open and may not open more";
          this.emit("limit", { ...of(who), op: "open-files", text, n: 64, fuel: 300_000 });
          return { proc: who.proc };
        }
        if (c.line === "tunnel") {
          this.tunnel = !this.tunnel;
          const who = this.begin(c.node, "tunnel");
          this.leave(who, 0);
          return { proc: who.proc };
        }
        if (!c.line.startsWith("ping"))
          throw new Error(`${c.line.split(" ")[0]}: there is no such command on ${c.node}; there is ping`);
        const who = { node: c.node, proc: `ping.${++this.runs}`, pid: this.runs };
        this.emit("start", { ...who, text: "ping" });
        for (let i = 0; i < 3; i++) this.ping(who);
        this.console(who, `3 packets transmitted, ${alive ? 3 : 0} packets received\n`);
        this.emit("exit", { ...who, n: 0, op: "exit", fuel: 0 });
        return { proc: who.proc };
      }
      case "text": {
        const of = this.log.filter(
          (e) => e.k === "console" && e.node === c.node && e.proc === c.proc && e.seq >= c.from && e.seq <= c.to,
        );
        return { parts: of.map((e) => ({ fd: e.fd, text: e.text })), next: c.to + 1, missed: 0 };
      }
      case "stdin":
        this.typed(
          this.guests.find((g) => g.proc === c.proc),
          c.text,
        );
        return {};
      case "start":
        if (alive) throw new Error(`${c.proc} already runs on ${c.node}: stop it first`);
        this.pingd = {
          state: "sleeping",
          wchan: "tapread",
          fuel: 1204,
          cpu: 0.01,
          spin: this.program.includes("spin"),
          exit: undefined,
        };
        this.boot();
        return {};
      case "stop":
      case "kill": {
        const guest = this.guests.find((g) => g.proc === c.proc);
        if (guest !== undefined) {
          this.signal(guest, c.op === "kill" ? "SIGKILL" : "SIGTERM");
          return {};
        }
        if (!alive) throw new Error(`${c.proc} does not run on ${c.node}`);
        if (c.op === "kill" || this.pingd.spin) this.end("killed", 137, "killed from the page");
        else this.end("exit", 143, "terminated by SIGTERM");
        return {};
      }
      default:
        throw new Error(`there is no command ${c.op}`);
    }
  }
}

/** What events say of a process. */
const of = ({ node, proc, pid }) => ({ node, proc, pid });

const tun = (node, address) => ({
  port: `${node}:tun0`,
  kind: "tun",
  mtu: 1500,
  addresses: [address],
  flags: ["UP", "POINTOPOINT", "RUNNING"],
  link: "up",
  qlen: 0,
  qmax: 50,
  counters: {},
});

const MAC = { a: "02000000000a", b: "02000000000b" };
const arp = (op, to, from, ip, target, targetIp) =>
  `${to}${from}08060001080006040${"00"}${op}${from}${ip}${target}${targetIp}`;
const echo = (type, n, to, from, ips) =>
  `${to}${from}0800450000540001000040010000${ips}${type.toString(16).padStart(2, "0")}0000000007${n.toString(16).padStart(4, "0")}${Array.from({ length: 56 }, (_, i) => (i + 0x30).toString(16)).join("")}`;

/** A field tree with some truth in it; the real server's is gopacket's. */
function tree(hex) {
  const f = (name, label, off, len, text = "", fields = [], bad = "") => ({
    name,
    label,
    value: fields.length > 0 ? "" : `0x${hex.slice(2 * off, 2 * (off + len))}`,
    text,
    off,
    len,
    bad,
    fields,
  });
  const eth = f("eth", "Ethernet", 0, 14, "", [
    f("eth.dst", "Destination", 0, 6),
    f("eth.src", "Source", 6, 6),
    f("eth.type", "Type", 12, 2, hex.slice(24, 28) === "0806" ? "ARP" : "IPv4"),
  ]);
  if (hex.slice(24, 28) === "0806")
    return [
      eth,
      f("arp", "ARP", 14, 28, "", [
        f("arp.opcode", "Opcode", 20, 2),
        f("arp.src.hw_mac", "Sender hardware address", 22, 6),
        f("arp.src.proto_ipv4", "Sender protocol address", 28, 4),
        f("arp.dst.hw_mac", "Target hardware address", 32, 6),
        f("arp.dst.proto_ipv4", "Target protocol address", 38, 4),
      ]),
    ];
  return [
    eth,
    f("ip", "IPv4", 14, 20, "", [
      f("ip.version", "Version", 14, 1, "4"),
      f("ip.len", "Total length", 16, 2, "84"),
      f("ip.ttl", "Time to live", 22, 1, "64"),
      f("ip.proto", "Protocol", 23, 1, "ICMP"),
      f("ip.checksum", "Header checksum", 24, 2, "", [], "should be 0x26a7"),
      f("ip.src", "Source", 26, 4),
      f("ip.dst", "Destination", 30, 4),
    ]),
    f("icmp", "ICMP", 34, 64, "", [
      f("icmp.type", "Type", 34, 1),
      f("icmp.ident", "Identifier", 38, 2),
      f("icmp.seq", "Sequence", 40, 2),
      f("data", "Data", 42, 56),
    ]),
  ];
}

/** serve starts a mock; tests hold its labs and can make it misbehave. */
export async function serve(port = 0) {
  const hello = JSON.parse(await readFile(join(fixtures, "hello.json"), "utf8"));
  const labs = new Map();
  const mock = {
    labs,
    refuse: false,
    newLab: (scenario) => {
      const l = new Lab({ ...hello, lab: { ...hello.lab, scenario } }, tree);
      labs.set(l.id, l);
      return l;
    },
  };

  const http = createServer(async (req, res) => {
    const url = new URL(req.url, "http://mock");
    const json = (code, body) => res.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    const [, api, what, id, rest] = url.pathname.split("/");
    if (api !== "api") {
      const name = url.pathname === "/" ? "index.html" : normalize(url.pathname).replace(/^[/.]+/, "");
      const body = await readFile(join(dist, name)).catch(() => undefined);
      if (body === undefined) return res.writeHead(404).end();
      return res
        .writeHead(200, {
          "Content-Type": TYPES[extname(name)] ?? "application/octet-stream",
          "Content-Security-Policy": CSP,
        })
        .end(body);
    }
    const chunks = [];
    for await (const c of req) chunks.push(c);
    const body = Buffer.concat(chunks);
    if (what === "scenarios")
      return json(200, [
        { name: "vpn", title: "A tunnel over UDP" },
        { name: "ping", title: "Answer a ping", course: 2 },
        { name: "first-io", title: "Read and write", course: 1 },
      ]);
    if (what === "labs" && id === undefined && req.method === "POST") {
      if (mock.refuse)
        return json(503, { error: "No lab was started: this server has 200 labs already; try again in a minute." });
      const { scenario } = JSON.parse(body.toString());
      return json(201, { id: mock.newLab(scenario).id, scenario });
    }
    const lab = labs.get(id);
    if (lab === undefined) return json(404, { error: "There is no such lab: it was closed. Start a new one." });
    if (rest === undefined) return json(200, { id, scenario: "ping" });
    if (rest === "capture.pcapng" || rest === "recording") {
      return res.writeHead(200, { "Content-Disposition": `attachment; filename="ping-${rest}"` }).end("mock");
    }
    if (rest === "programs" && req.method === "POST") {
      const name = url.searchParams.get("name");
      if (body.subarray(0, 4).toString("hex") !== "0061736d")
        return json(422, {
          error: `${name} is not a WebAssembly module: it does not begin with \\0asm. Build one with GOOS=wasip1 GOARCH=wasm go build.`,
        });
      lab.program = name;
      return json(200, { program: createHash("sha256").update(body).digest("hex"), size: body.length, name });
    }
    return json(404, { error: `there is no ${url.pathname}` });
  });

  const wss = new WebSocketServer({ noServer: true });
  http.on("upgrade", (req, socket, head) => {
    const url = new URL(req.url, "http://mock");
    const lab = labs.get(url.pathname.split("/")[3]);
    if (lab === undefined || mock.refuse) return socket.destroy();
    wss.handleUpgrade(req, socket, head, (ws) => {
      const since = url.searchParams.get("since");
      ws.n = 0;
      ws.acked = 0;
      ws.cursor = since === null ? (lab.log[0]?.seq ?? 1) : Number(since);
      lab.viewers.add(ws);
      ws.send(
        JSON.stringify({
          ...lab.hello,
          lab: { ...lab.hello.lab, id: lab.id },
          first: lab.log[0]?.seq ?? 1,
          next: lab.next,
        }),
      );
      ws.on("close", () => lab.viewers.delete(ws));
      ws.on("message", (raw) => {
        const c = JSON.parse(raw);
        if (c.type === "ack") {
          ws.acked = c.n;
          return;
        }
        try {
          ws.send(JSON.stringify({ type: "reply", id: c.id, ok: true, result: lab.command(c) }));
        } catch (e) {
          ws.send(JSON.stringify({ type: "reply", id: c.id, ok: false, error: e.message }));
        }
        flush(lab);
      });
      flush(lab);
    });
  });
  const flush = (lab) => {
    for (const ws of lab.viewers) {
      if (ws.n - ws.acked >= PUSHES) continue; // it gets more when it has taken in what it has
      const missed = Math.max(0, (lab.log[0]?.seq ?? 1) - ws.cursor);
      const events = lab.thin(lab.log.filter((e) => e.seq >= ws.cursor));
      const over = events.splice(0, Math.max(0, events.length - BATCH));
      if (over.length > 0) {
        const { seq, t } = over[0];
        events.unshift({ seq, t, k: "left", of: "call", ...lab.who, events: over.length, to: over.at(-1).seq });
      }
      const next = lab.next;
      if (events.length > 0)
        ws.send(JSON.stringify({ type: "events", n: ++ws.n, from: ws.cursor, next, missed, events }));
      ws.cursor = next;
      const { type, ...state } = lab.state();
      ws.send(JSON.stringify({ type, n: ++ws.n, ...state }));
    }
  };
  const timer = setInterval(() => {
    for (const lab of labs.values()) {
      lab.tick(50);
      if (lab.burst) for (let i = 0; i < lab.burst; i++) lab.ping();
      flush(lab);
    }
  }, 50);
  await new Promise((ready) => http.listen(port, "127.0.0.1", ready));
  mock.url = `http://127.0.0.1:${http.address().port}`;
  mock.close = () => {
    clearInterval(timer);
    for (const ws of wss.clients) ws.terminate();
    http.closeAllConnections();
    http.close();
  };
  return mock;
}

if (process.argv[1] === import.meta.filename) {
  const mock = await serve(Number(process.argv[2] ?? 8080));
  console.log(`mock lab at ${mock.url}`);
}
