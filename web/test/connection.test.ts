import { describe, expect, test } from "vitest";
import { Client, type Connection, type Probe, type SocketHandlers } from "../src/core/connection";
import { fixture } from "./fixtures";

/** A world without a browser: sockets, timers and the probe are pulled by hand. */
function world() {
  const dials: { since: number | undefined; on: SocketHandlers; sent: string[]; closed: boolean }[] = [];
  const timers: { ms: number; f: () => void }[] = [];
  const seen: Connection[] = [];
  const w = {
    dials,
    timers,
    seen,
    lab: "there" as Probe["lab"],
    refused: "",
    returning: undefined as number | undefined,
    expected: undefined as number | undefined,
    kinds: [] as string[],
    /** How often the queue asked to be taken. */
    waiting: 0,
    /** What the clock says, and how much later each look at it. */
    clock: 0,
    tick: 0,
  };
  const client = new Client({
    dial: (since, on) => {
      const d = { since, on, sent: [] as string[], closed: false };
      dials.push(d);
      return {
        send: (t) => d.sent.push(t),
        close: () => {
          d.closed = true;
        },
      };
    },
    probe: async () => ({
      lab: w.lab,
      refused: w.refused,
      ...(w.returning === undefined ? {} : { returning: w.returning }),
    }),
    after: (ms, f) => {
      const t = { ms, f };
      timers.push(t);
      return () => {
        const i = timers.indexOf(t);
        if (i >= 0) timers.splice(i, 1);
      };
    },
    random: () => 0.5,
    since: () => w.expected,
    onMessage: (m) => w.kinds.push(m.kind),
    onWaiting: () => w.waiting++,
    now: () => {
      w.clock += w.tick;
      return w.clock;
    },
    onConnection: (c) => seen.push(c),
  });
  const hear = (message: unknown, dial = dials.length - 1): void => dials[dial]?.on.text(JSON.stringify(message));
  const fire = (): void => timers.shift()?.f();
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { ...w, w, client, hear, fire, settle };
}

describe("client", () => {
  test("is live from the hello on", () => {
    const { client, hear, seen, w } = world();
    client.start();
    hear(fixture("hello"));
    hear(fixture("events"));
    client.take(10);
    expect(seen.map((c) => c.kind)).toEqual(["connecting", "live"]);
    expect(w.kinds).toEqual(["hello", "events"]);
  });

  test("what is said of the lab waits until it is taken, and is acknowledged then", () => {
    const { client, hear, w, dials } = world();
    client.start();
    hear(fixture("hello"));
    for (let n = 1; n <= 3; n++) hear({ ...(fixture("events") as object), n });
    hear({ ...(fixture("state") as object), n: 4 });
    expect([w.kinds, w.waiting, dials[0]?.sent]).toEqual([["hello"], 4, []]);
    expect(client.take(10)).toBe(false);
    expect(w.kinds).toEqual(["hello", "events", "events", "events", "state"]);
    expect(dials[0]?.sent).toEqual(['{"type":"ack","n":4}']);
    expect(client.take(10)).toBe(false);
    expect(dials[0]?.sent.length).toBe(1);
  });

  test("when its time is over the rest waits, but one message is taken each time", () => {
    const { client, hear, w, dials } = world();
    client.start();
    hear(fixture("hello"));
    for (let n = 1; n <= 4; n++) hear({ ...(fixture("events") as object), n });
    w.tick = 4;
    expect(client.take(10)).toBe(true);
    expect(w.kinds.length).toBe(1 + 3);
    w.tick = 100;
    expect(client.take(10)).toBe(false);
    expect(dials[0]?.sent).toEqual(['{"type":"ack","n":3}', '{"type":"ack","n":4}']);
  });

  test("a command is sent and answered while messages wait that nobody takes", async () => {
    const { client, hear, w, dials } = world();
    client.start();
    hear(fixture("hello"));
    for (let n = 1; n <= 3; n++) hear({ ...(fixture("events") as object), n });
    const kill = client.ask({ op: "kill", node: "bob", proc: "pingd" });
    expect(dials[0]?.sent.map((t) => JSON.parse(t).op)).toEqual(["kill"]);
    hear({ type: "reply", id: 1, ok: true, result: {} });
    expect(await kill).toEqual({ ok: true, result: {} });
    expect(w.kinds).toEqual(["hello"]);
  });

  test("what a lost connection had said and nobody took is not heard, for it is said again", async () => {
    const { client, hear, w, dials, settle, fire } = world();
    client.start();
    hear(fixture("hello"));
    hear(fixture("events"));
    dials[0]?.on.closed("");
    await settle();
    fire();
    hear(fixture("hello"));
    client.take(10);
    expect(w.kinds).toEqual(["hello", "hello"]);
  });

  test("what was said before a bye is heard", async () => {
    const { client, hear, w, dials, settle } = world();
    client.start();
    hear(fixture("hello"));
    hear(fixture("events"));
    hear({ ...(fixture("state") as object), n: 3 });
    hear({ type: "bye", reason: "it is over" });
    dials[0]?.on.closed("");
    await settle();
    expect(w.kinds).toEqual(["hello", "events", "state"]);
  });

  test("a lost connection is resumed where it stopped, waiting longer each time", async () => {
    const { client, hear, seen, dials, timers, fire, settle, w } = world();
    client.start();
    hear(fixture("hello"));
    w.expected = 24;
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      dials.at(-1)?.on.closed("");
      await settle();
      waits.push(timers[0]?.ms ?? 0);
      fire();
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
    expect(dials.at(-1)?.since).toBe(24);
    hear(fixture("hello"));
    expect(seen.at(-1)).toEqual({ kind: "live" });
    dials.at(-1)?.on.closed("");
    await settle();
    expect(timers[0]?.ms).toBe(250);
  });

  test("what a connection that was given up still says is not heard", async () => {
    const { client, hear, w, dials, settle, fire } = world();
    client.start();
    dials[0]?.on.closed("");
    await settle();
    fire();
    hear(fixture("hello"), 0);
    expect(w.kinds).toEqual([]);
  });

  test("why the server lets no viewer in is said, and nothing old once one was in", async () => {
    const x = world();
    x.client.start();
    x.w.refused = "4 pages from your address watch labs, and the limit is 4";
    x.dials[0]?.on.closed("");
    await x.settle();
    expect(x.seen.at(-1)).toMatchObject({ kind: "reconnecting", why: x.w.refused, refused: true });
    x.fire();
    x.hear(fixture("hello"));
    x.dials[1]?.on.closed("going away");
    await x.settle();
    expect(x.seen.at(-1)).toMatchObject({ kind: "reconnecting", why: "going away", refused: false });
  });

  test("a lab that is gone closes, without trying again", async () => {
    const { client, hear, seen, dials, timers, settle, w } = world();
    client.start();
    hear(fixture("hello"));
    w.lab = "gone";
    dials[0]?.on.closed("");
    await settle();
    expect(seen.at(-1)).toEqual({ kind: "closed", reason: "This lab is not there any more.", gone: true });
    expect(timers.length).toBe(0);
  });

  test("a lab that is brought back is waited for, however long it takes, and that is no failure", async () => {
    const x = world();
    x.client.start();
    x.w.returning = 0.4;
    for (let i = 0; i < 5; i++) {
      x.dials.at(-1)?.on.closed("");
      await x.settle();
      expect(x.seen.at(-1)).toMatchObject({ kind: "reconnecting", attempt: 1, returning: 0.4, refused: false });
      x.fire();
    }
    expect(x.dials.length).toBe(6);
  });

  test("of a lab that can't come back it is said why", async () => {
    const x = world();
    x.client.start();
    x.w.lab = "gone";
    x.w.refused = "Its journal does not replay.";
    x.dials[0]?.on.closed("");
    await x.settle();
    expect(x.seen.at(-1)).toEqual({ kind: "closed", reason: "Its journal does not replay.", gone: true });
  });

  test("a bye closes with its reason, and one may connect again", async () => {
    const { client, hear, seen, dials, settle } = world();
    client.start();
    hear(fixture("hello"));
    hear({ type: "bye", reason: "The server is being restarted." });
    dials[0]?.on.closed("");
    await settle();
    expect(seen.at(-1)).toEqual({ kind: "closed", reason: "The server is being restarted.", gone: false });
    client.retry();
    hear(fixture("hello"));
    expect(seen.at(-1)).toEqual({ kind: "live" });
  });

  test("a message that cannot be read closes and says what was wrong", () => {
    const { client, hear, seen, dials } = world();
    client.start();
    hear({ type: "state", t: "now" });
    client.take(10);
    expect(seen.at(-1)).toMatchObject({ kind: "closed", gone: false });
    expect(dials[0]?.closed).toBe(true);
  });

  test("each command gets one answer: the server's, or why there is none", async () => {
    const { client, hear, dials, fire, settle } = world();
    client.start();
    expect(await client.ask({ op: "pause" })).toMatchObject({ ok: false });
    hear(fixture("hello"));
    const a = client.ask({ op: "pause" });
    const b = client.ask({ op: "step" });
    hear({ type: "reply", id: 2, ok: false, error: "no" });
    hear({ type: "reply", id: 1, ok: true, result: {} });
    hear({ type: "reply", id: 77, ok: true, result: {} });
    expect(await a).toEqual({ ok: true, result: {} });
    expect(await b).toEqual({ ok: false, error: "no" });
    const late = client.ask({ op: "resume" });
    fire();
    expect(await late).toMatchObject({ ok: false, error: expect.stringContaining("15 s") });
    const cut = client.ask({ op: "resume" });
    dials[0]?.on.closed("");
    expect(await cut).toMatchObject({ ok: false });
    await settle();
  });

  test("no more than 64 commands wait", async () => {
    const { client, hear } = world();
    const stop = client.start();
    hear(fixture("hello"));
    const waiting = Array.from({ length: 64 }, () => client.ask({ op: "step" }));
    expect(await client.ask({ op: "step" })).toMatchObject({ ok: false, error: expect.stringContaining("64") });
    stop();
    expect((await Promise.all(waiting)).every((a) => !a.ok)).toBe(true);
  });
});
