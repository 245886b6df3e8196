// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { procOf } from "../../../test/fixtures";
import { click, FakeLab, find, mount, press, submit, testId, text, type } from "../../../test/lab";
import { console as pane } from "./pane";

const wrote = (text: string, over: object = {}) => ({
  k: "console",
  node: "alice",
  proc: "ping",
  pid: 1,
  fd: 1,
  text,
  ...over,
});

function open() {
  const lab = new FakeLab("a");
  const root = mount(lab, <pane.component node="alice" proc={undefined} iface={undefined} />);
  const enter = (line: string): void => {
    type(testId(root, "prompt"), line);
    submit(find(root, "form"));
  };
  return { lab, root, prompt: testId(root, "prompt"), enter };
}

describe("the console", () => {
  test("has what was written, by whom, and what is left out", async () => {
    const { lab, root } = open();
    expect(text(testId(root, "console"))).toContain("Nothing was written yet");
    lab.events(wrote("one\n"), wrote("two\n", { events: 9, to: 12, left: { lines: 7, bytes: 70 }, tail: "end\n" }));
    expect([...root.querySelectorAll(".line")].map(text)).toEqual([
      "pingone",
      "pingtwo",
      "ping… 7 lines, 70 bytes left out … save the text",
      "pingend",
    ]);
    click(find(root, ".line.left button"));
    const asked = await lab.answer({
      parts: [
        { fd: 1, text: "all\n" },
        { fd: 2, text: "no\n" },
      ],
      next: 13,
      missed: 0,
    });
    expect(asked).toMatchObject({ op: "text", node: "alice", proc: "ping", from: 2, to: 12 });
    expect(lab.saved).toEqual([{ name: "alice-ping.txt", text: "all\n" }]);
  });

  test("of 30,000 lines only those in sight are in the document, and what is let go is counted", () => {
    const { lab, root } = open();
    for (let i = 0; i < 30; i++) lab.events(wrote(Array.from({ length: 1000 }, (_, k) => `line ${k}\n`).join("")));
    expect(root.querySelectorAll(".line").length).toBeLessThan(60);
    expect(text(testId(root, "let-go"))).toMatch(/^the oldest 20,\d{3} lines let go \(at most 10,000 are kept\)$/);
  });

  test("a command that is refused says why in the transcript, and can be had back to be mended", async () => {
    const { lab, root, prompt, enter } = open();
    enter("frobnicate");
    expect((prompt as HTMLInputElement).value).toBe("");
    expect(await lab.answer("command not found")).toMatchObject({ op: "exec", node: "alice", line: "frobnicate" });
    expect(root.querySelectorAll(".line").length).toBe(0);
    const command = { op: "exec", node: "alice", line: "frobnicate" };
    lab.events({ k: "command", op: "exec", node: "alice", text: JSON.stringify(command) });
    expect([...root.querySelectorAll(".line")].map(text)).toEqual(["alice$frobnicate", "command not found"]);
    press(prompt, "ArrowUp");
    expect((prompt as HTMLInputElement).value).toBe("frobnicate");
  });

  test("the lab's log may tell the line before the server's answer: it is there once all the same", async () => {
    const { lab, root, enter } = open();
    enter("frobnicate");
    const command = { op: "exec", node: "alice", line: "frobnicate" };
    lab.events({ k: "command", op: "exec", node: "alice", text: JSON.stringify(command) });
    await lab.answer("command not found");
    lab.later();
    expect([...root.querySelectorAll(".line")].map(text)).toEqual(["alice$frobnicate", "command not found"]);
  });

  test("a line that the lab's log does not tell, for there is no connection, is told with why", () => {
    const { lab, root } = open();
    void lab.session.prompts.run("alice", "ifconfig");
    lab.lost();
    return Promise.resolve().then(() => {
      lab.later();
      expect([...root.querySelectorAll(".line")].map(text)).toEqual([
        "alice$ifconfig",
        "the connection to the lab was lost",
      ]);
    });
  });

  test("lines go to what runs in front once it waits for one; Ctrl-C and Ctrl-D too; then to the prompt again", async () => {
    const { lab, root, prompt, enter } = open();
    const cat = (wchan: string) => lab.state({ procs: [procOf({ proc: "cat.3", pid: 3, wchan })] });
    enter("cat");
    await lab.answer({ proc: "cat.3" });
    cat("select");
    expect(prompt.getAttribute("aria-label")).toBe("Command to run on alice");
    expect(text(testId(root, "front"))).toBe("cat.3 runs: Ctrl-C interrupts it");
    cat("ttyin");
    expect(prompt.getAttribute("aria-label")).toBe("Line for the input of cat.3");
    enter("hello");
    press(prompt, "d", { ctrlKey: true });
    press(prompt, "c", { ctrlKey: true });
    expect(lab.waiting.map((c) => [c.op, c.proc, c.text])).toEqual([
      ["stdin", "cat.3", "hello\n"],
      ["stdin", "cat.3", "\u0004"],
      ["stdin", "cat.3", "\u0003"],
    ]);
    lab.state();
    expect(prompt.getAttribute("aria-label")).toBe("Command to run on alice");
  });

  test("the line is edited as on a terminal", () => {
    const { prompt } = open();
    const input = prompt as HTMLInputElement;
    type(input, "one two three");
    input.setSelectionRange(13, 13);
    press(input, "w", { ctrlKey: true });
    expect(input.value).toBe("one two ");
    press(input, "a", { ctrlKey: true });
    expect(input.selectionStart).toBe(0);
    press(input, "k", { ctrlKey: true });
    expect(input.value).toBe("");
  });

  test("when time stands, it is said where one types", () => {
    const { lab, root } = open();
    lab.state({ paused: true });
    expect(text(testId(root, "stands"))).toMatch(/^time is paused/);
    click(find(testId(root, "stands"), "button"));
    expect(lab.waiting.map((c) => c.op)).toEqual(["resume"]);
  });
});
