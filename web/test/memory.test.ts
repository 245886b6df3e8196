// The files of a lab in a worker, as Go's package os asks for them.
import { describe, expect, test } from "vitest";
import { Memory } from "../src/worker/memory";

const O = { RDWR: 2, CREAT: 64, EXCL: 128, TRUNC: 512, APPEND: 1024 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** does calls a method with a callback, and gives what it was called with: a value, or the code of an error. */
function does<T>(call: (done: (e: Error | null, v?: T) => void) => void): T | string | undefined {
  let got: T | string | undefined;
  call((e, v) => {
    got = e === null ? v : String(Reflect.get(e, "code"));
  });
  return got;
}

function opened(m: Memory, path: string, flags = O.RDWR | O.CREAT): number {
  return Number(does<number>((done) => m.open(path, flags, 0o600, done)));
}

function text(m: Memory, fd: number, at: number | null = 0): string {
  const to = new Uint8Array(64);
  const n = Number(does<number>((done) => m.read(fd, to, 0, to.length, at, done)));
  return new TextDecoder().decode(to.subarray(0, n));
}

describe("files in memory", () => {
  test("what is written is read, at a place or where one is", () => {
    const m = new Memory(() => undefined);
    const fd = opened(m, "/tmp/a");
    does<number>((done) => m.write(fd, bytes("hello"), 0, 5, null, done));
    does<number>((done) => m.write(fd, bytes("y"), 0, 1, 4, done));
    does<number>((done) => m.write(fd, bytes("!"), 0, 1, null, done));
    expect(text(m, fd)).toBe("helly!");
    expect(text(m, fd, null)).toBe("");
  });
  test("a file that is cut and grows again has zeros there", () => {
    const m = new Memory(() => undefined);
    const fd = opened(m, "/tmp/a");
    does<number>((done) => m.write(fd, bytes("abcdef"), 0, 6, null, done));
    does((done) => m.ftruncate(fd, 2, done));
    does((done) => m.ftruncate(fd, 4, done));
    expect(text(m, fd)).toBe("ab\0\0");
  });
  test("what is appended goes to the end", () => {
    const m = new Memory(() => undefined);
    const fd = opened(m, "/tmp/a", O.RDWR | O.CREAT | O.APPEND);
    for (const t of ["ab", "cd"]) does<number>((done) => m.write(fd, bytes(t), 0, 2, null, done));
    expect(text(m, fd)).toBe("abcd");
  });
  test("a file that is removed can be read by who has it open", () => {
    const m = new Memory(() => undefined);
    const fd = opened(m, "/tmp/a");
    does<number>((done) => m.write(fd, bytes("here"), 0, 4, null, done));
    expect(does((done) => m.unlink("/tmp/a", done))).toBeUndefined();
    expect(text(m, fd)).toBe("here");
    expect(does<object>((done) => m.stat("/tmp/a", done))).toBe("ENOENT");
  });
  test("what was removed gives its room back when nobody has it open", () => {
    const m = new Memory(() => undefined);
    for (let i = 0; i < 5; i++) {
      const fd = opened(m, "/tmp/large");
      expect(does((done) => m.ftruncate(fd, 200 * 1024 * 1024, done))).toBeUndefined();
      does((done) => m.unlink("/tmp/large", done));
      does((done) => m.close(fd, done));
    }
  });
  test("folders", () => {
    const m = new Memory(() => undefined);
    does((done) => m.mkdir("/tmp/lab", 0o700, done));
    opened(m, "/tmp/lab/x");
    expect(does<string[]>((done) => m.readdir("/tmp/lab", done))).toEqual(["x"]);
    expect(does((done) => m.rmdir("/tmp/lab", done))).toBe("ENOTEMPTY");
    expect(does((done) => m.mkdir("/tmp/lab", 0o700, done))).toBe("EEXIST");
    does((done) => m.unlink("/tmp/lab/x", done));
    expect(does((done) => m.rmdir("/tmp/lab", done))).toBeUndefined();
  });
  test.each<[string, (m: Memory) => unknown, string]>([
    ["a file that is not there", (m) => does((done) => m.open("/tmp/no", O.RDWR, 0, done)), "ENOENT"],
    ["a folder that is not there", (m) => does((done) => m.open("/no/a", O.RDWR | O.CREAT, 0, done)), "ENOENT"],
    [
      "one that must be new",
      (m) => {
        opened(m, "/tmp/a");
        return does((done) => m.open("/tmp/a", O.RDWR | O.CREAT | O.EXCL, 0, done));
      },
      "EEXIST",
    ],
    ["a descriptor that nobody has", (m) => does((done) => m.close(77, done)), "EBADF"],
    ["more than there is", (m) => does((done) => m.ftruncate(opened(m, "/tmp/a"), 1e12, done)), "ENOSPC"],
  ])("%s", (_, call, want) => expect(call(new Memory(() => undefined))).toBe(want));
  test("what is printed is told line by line", () => {
    const lines: string[] = [];
    const m = new Memory((l) => lines.push(l));
    for (const t of ["one\ntw", "o\n", "three"]) m.writeSync(2, bytes(t));
    expect(lines).toEqual(["one", "two"]);
  });
});
