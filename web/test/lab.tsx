// A lab's session without a server and without a browser's clock: what the server says,
// and when a frame is drawn, is the test's to say.
import { signal } from "@preact/signals";
import { type ComponentChild, render } from "preact";
import { act } from "preact/test-utils";
import { nodePanes } from "../src/app/panes";
import type { Checked } from "../src/core/checks";
import type { Probe, SocketHandlers } from "../src/core/connection";
import { ARRANGED } from "../src/core/layout";
import type { Scenario } from "../src/core/scenarios";
import { LabSession } from "../src/session/session";
import type { Feed, Got, World } from "../src/session/world";
import { LabProvider, NodePanesProvider } from "../src/ui/pane";
import { type Shell, ShellProvider } from "../src/ui/shell";
import { batchOf, fixture, stateOf } from "./fixtures";

interface Sent {
  readonly op: string;
  readonly id: number;
  readonly [key: string]: unknown;
}

export class FakeLab {
  readonly world: World;
  readonly feed: Feed;
  private readonly id: string;
  private made: LabSession | undefined;
  /** Commands that wait for an answer, oldest first; all that were sent. */
  readonly waiting: Sent[] = [];
  readonly sent: Sent[] = [];
  readonly saved: { readonly name: string; readonly text: string }[] = [];
  readonly uploads: string[] = [];
  /** How uploads end. */
  upload: Got<string> = { ok: true, value: "mine.wasm" };
  probe: Probe = { lab: "there", refused: "" };
  /** What a check finds. */
  check: Got<Checked> = { ok: true, value: { checks: [], notes: [], hidden: false, solution: false } };
  closed = false;
  hidden = false;
  private on: SocketHandlers | undefined;
  private frames: (() => void)[] = [];
  private timers: (() => void)[] = [];
  private clock = 1000;
  private seq = 0;
  private n = 0;
  private readonly hello: object;

  constructor(id: string, hello: object = {}) {
    this.id = id;
    this.world = {
      now: () => this.clock,
      random: () => 0.5,
      after: (_, f) => {
        this.timers.push(f);
        return () => {
          this.timers = this.timers.filter((t) => t !== f);
        };
      },
      frame: (f) => {
        this.frames.push(f);
        return () => {
          this.frames = this.frames.filter((t) => t !== f);
        };
      },
      hidden: () => this.hidden,
      onShown: () => () => undefined,
      save: (name, parts) => this.saved.push({ name, text: parts.join("") }),
    };
    this.feed = {
      dial: (_, on) => {
        this.on = on;
        this.closed = false;
        return {
          send: (text) => this.hear(JSON.parse(text)),
          close: () => {
            this.closed = true;
          },
        };
      },
      probe: () => Promise.resolve(this.probe),
      check: () => Promise.resolve(this.check),
      upload: (node, proc, file) => {
        this.uploads.push(`${node}:${proc} ${file.name}`);
        return Promise.resolve(this.upload);
      },
    };
    this.hello = hello;
  }

  /** Its session, which is greeted as soon as somebody wants it. */
  get session(): LabSession {
    if (this.made === undefined) {
      this.made = new LabSession(this.id, this.feed, this.world);
      this.greet();
    }
    return this.made;
  }

  greet(): void {
    const greeting = fixture("hello") as { lab: object };
    this.say({ ...greeting, first: 1, next: 1, lab: { ...greeting.lab, id: this.id }, ...this.hello });
  }

  /** Things that would still come to a session that is left. */
  get pending(): number {
    return this.frames.length + this.timers.length;
  }

  private hear(m: Sent & { readonly type: string }): void {
    if (m.type !== "cmd") return;
    this.waiting.push(m);
    this.sent.push(m);
  }

  say(message: object): void {
    if (this.on === undefined) void this.session;
    act(() => this.on?.text(JSON.stringify(message)));
  }

  /** events says what happened, and draws it. */
  events(...events: readonly object[]): void {
    const from = this.seq + 1;
    const all = events.map((e) => ({ seq: ++this.seq, t: this.seq * 1_000_000, n: 0, text: "", ...e }));
    this.say(batchOf(all, { n: ++this.n, from, next: this.seq + 1 }));
    this.draw();
  }

  /** state says what the lab is like now, and draws it. */
  state(over: object = {}): void {
    this.say(stateOf({ n: ++this.n, t: this.seq * 1_000_000, ...over }));
    this.draw();
  }

  /** answer answers the oldest command that waits. */
  async answer(result: object | string = {}): Promise<Sent | undefined> {
    const c = this.waiting.shift();
    const good = typeof result !== "string";
    await act(async () => {
      this.on?.text(JSON.stringify({ type: "reply", id: c?.id, ok: good, ...(good ? { result } : { error: result }) }));
      for (let i = 0; i < 5; i++) await Promise.resolve();
    });
    return c;
  }

  /** draw lets frames come until there is nothing to do. */
  draw(): void {
    for (let i = 0; i < 20 && this.frames.length > 0; i++) {
      this.clock += 200;
      const due = this.frames;
      this.frames = [];
      act(() => {
        for (const f of due) f();
      });
    }
  }

  /** later lets all that waits for its time come, and draws. */
  later(): void {
    const due = this.timers;
    this.timers = [];
    act(() => {
      for (const f of due) f();
    });
    this.draw();
  }

  lost(reason = ""): void {
    act(() => this.on?.closed(reason));
  }
}

/** A scenario that a server offers. */
export function offered(name: string, over: Partial<Scenario> = {}): Scenario {
  return {
    name,
    title: name,
    course: 0,
    goal: "",
    exercise: false,
    solved: false,
    checked: false,
    opens: false,
    ...over,
  };
}

/** A page of which only the labs matter. */
export function fakeShell(over: Partial<Shell> = {}): Shell {
  const scenarios: readonly Scenario[] = [];
  return {
    scenarios: signal(scenarios),
    start: () => undefined,
    home: () => undefined,
    layout: signal(ARRANGED),
    arrange: () => undefined,
    done: signal<ReadonlySet<string>>(new Set()),
    ofClass: signal(false),
    remember: () => undefined,
    starterUrl: (scenario) => `${scenario}/starter.zip`,
    showKeys: () => undefined,
    fileUrl: (lab, file) => `${lab}/${file}`,
    pageUrl: (lab) => `http://page/#lab=${lab}`,
    ...over,
  };
}

/** mount puts a part of the page for a lab into the document. */
export function mount(lab: FakeLab, what: ComponentChild, shell: Shell = fakeShell()): HTMLElement {
  const root = document.createElement("div");
  document.body.append(root);
  act(() =>
    render(
      <ShellProvider value={shell}>
        <LabProvider value={lab.session}>
          <NodePanesProvider value={nodePanes}>{what}</NodePanesProvider>
        </LabProvider>
      </ShellProvider>,
      root,
    ),
  );
  return root;
}

/** settled lets promises that wait for nothing be kept. */
export async function settled(): Promise<void> {
  await act(async () => {
    for (let i = 0; i < 8; i++) await Promise.resolve();
  });
}

/** find is the one element that fits. */
export function find(root: Element, selector: string): HTMLElement {
  const all = root.querySelectorAll<HTMLElement>(selector);
  const [first] = all;
  if (first === undefined || all.length > 1)
    throw new Error(`${all.length} elements are ${selector}: ${root.innerHTML.slice(0, 400)}`);
  return first;
}

export function testId(root: Element, id: string): HTMLElement {
  return find(root, `[data-testid="${id}"]`);
}

/** text is what one reads of an element. */
export function text(el: Element | null | undefined): string {
  return el?.textContent ?? "";
}

export function click(el: Element): void {
  act(() => {
    el.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  });
}

/** change does what changes signals, and draws what came of it. */
export function change(f: () => void): void {
  act(f);
}

export function press(el: Element, key: string, over: KeyboardEventInit = {}): void {
  act(() => {
    el.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...over }));
  });
}

/** type puts text into an input, as a person does. */
export function type(el: Element, value: string): void {
  if (!(el instanceof HTMLInputElement)) throw new Error("it is no input");
  act(() => {
    el.value = value;
    el.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

export function submit(el: Element): void {
  act(() => {
    el.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
}
