// The files of a lab in a worker: in its memory, under the names and with the errors that Go's package os wants of
// Node's fs. A worker has no disk, and what is in it is gone with it.

/** How many bytes all files may have together: then the disk is full. */
const LIMIT = 256 * 1024 * 1024;

const O = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 64,
  O_EXCL: 128,
  O_TRUNC: 512,
  O_APPEND: 1024,
  O_DIRECTORY: 65536,
};
const DIRECTORY = 0o040000;
const REGULAR = 0o100000;

type Done<T = void> = (error: Error | null, value?: T) => void;

interface Inode {
  readonly ino: number;
  readonly directory: boolean;
  bytes: Uint8Array;
  size: number;
  mode: number;
  changed: number;
}

interface Open {
  readonly node: Inode;
  readonly append: boolean;
  at: number;
}

class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Files in memory. Standard output and error are two texts that are told line by line. */
export class Memory {
  readonly constants = O;
  private readonly nodes = new Map<string, Inode>();
  private readonly open_ = new Map<number, Open>();
  private readonly say: (line: string) => void;
  private said = "";
  private inodes = 0;
  private fds = 2;
  private held = 0;

  constructor(say: (line: string) => void) {
    this.say = say;
    for (const path of ["/", "/tmp"]) this.nodes.set(path, this.made(true, 0o777));
  }

  writeSync(_fd: number, b: Uint8Array): number {
    this.said += new TextDecoder().decode(b);
    const lines = this.said.split("\n");
    this.said = lines.pop() ?? "";
    for (const l of lines) this.say(l);
    return b.length;
  }

  open(path: string, flags: number, mode: number, done: Done<number>): void {
    this.does(done, () => {
      const at = clean(path);
      let node = this.nodes.get(at);
      if (node !== undefined && flags & O.O_CREAT && flags & O.O_EXCL) throw new Refused("EEXIST");
      if (node === undefined) {
        if (!(flags & O.O_CREAT)) throw new Refused("ENOENT");
        this.folder(at);
        node = this.made(false, mode);
        this.nodes.set(at, node);
      }
      if (flags & O.O_DIRECTORY && !node.directory) throw new Refused("ENOTDIR");
      if (flags & O.O_TRUNC) this.resize(node, 0);
      this.open_.set(++this.fds, { node, append: (flags & O.O_APPEND) !== 0, at: 0 });
      return this.fds;
    });
  }

  close(fd: number, done: Done): void {
    this.does(done, () => {
      const { node } = this.file(fd);
      this.open_.delete(fd);
      this.forget(node);
    });
  }

  read(fd: number, to: Uint8Array, offset: number, length: number, position: number | null, done: Done<number>): void {
    this.does(done, () => {
      const f = this.file(fd);
      const at = position ?? f.at;
      const b = f.node.bytes.subarray(at, Math.min(at + length, f.node.size));
      to.set(b, offset);
      if (position === null) f.at += b.length;
      return b.length;
    });
  }

  write(
    fd: number,
    from: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
    done: Done<number>,
  ): void {
    this.does(done, () => {
      const b = from.subarray(offset, offset + length);
      if (fd === 1 || fd === 2) return this.writeSync(fd, b);
      const f = this.file(fd);
      const at = f.append ? f.node.size : (position ?? f.at);
      if (at + length > f.node.size) this.resize(f.node, at + length);
      f.node.bytes.set(b, at);
      f.node.changed = Date.now();
      if (position === null) f.at = at + length;
      return length;
    });
  }

  ftruncate(fd: number, length: number, done: Done): void {
    this.does(done, () => this.resize(this.file(fd).node, length));
  }

  truncate(path: string, length: number, done: Done): void {
    this.does(done, () => this.resize(this.node(path), length));
  }

  fsync(_fd: number, done: Done): void {
    done(null);
  }

  fstat(fd: number, done: Done<object>): void {
    this.does(done, () => statOf(this.file(fd).node));
  }

  stat(path: string, done: Done<object>): void {
    this.does(done, () => statOf(this.node(path)));
  }

  lstat(path: string, done: Done<object>): void {
    this.stat(path, done);
  }

  mkdir(path: string, mode: number, done: Done): void {
    this.does(done, () => {
      const at = clean(path);
      if (this.nodes.has(at)) throw new Refused("EEXIST");
      this.folder(at);
      this.nodes.set(at, this.made(true, mode));
    });
  }

  readdir(path: string, done: Done<string[]>): void {
    this.does(done, () => {
      if (!this.node(path).directory) throw new Refused("ENOTDIR");
      return this.inside(clean(path));
    });
  }

  unlink(path: string, done: Done): void {
    this.does(done, () => {
      const node = this.node(path);
      if (node.directory) throw new Refused("EISDIR");
      this.nodes.delete(clean(path));
      this.forget(node);
    });
  }

  rmdir(path: string, done: Done): void {
    this.does(done, () => {
      if (!this.node(path).directory) throw new Refused("ENOTDIR");
      if (this.inside(clean(path)).length > 0) throw new Refused("ENOTEMPTY");
      this.nodes.delete(clean(path));
    });
  }

  rename(from: string, to: string, done: Done): void {
    this.does(done, () => {
      const node = this.node(from);
      if (node.directory) throw new Refused("ENOSYS"); // no lab does
      this.folder(clean(to));
      const had = this.nodes.get(clean(to));
      this.nodes.delete(clean(from));
      this.nodes.set(clean(to), node);
      if (had !== undefined) this.forget(had);
    });
  }

  chmod(path: string, mode: number, done: Done): void {
    this.does(done, () => {
      this.node(path).mode = mode;
    });
  }

  fchmod(fd: number, mode: number, done: Done): void {
    this.does(done, () => {
      this.file(fd).node.mode = mode;
    });
  }

  private does<T>(done: Done<T>, f: () => T): void {
    let value: T;
    try {
      value = f();
    } catch (e) {
      done(e instanceof Error ? e : new Refused("EIO"));
      return;
    }
    done(null, value);
  }

  private made(directory: boolean, mode: number): Inode {
    return { ino: ++this.inodes, directory, bytes: new Uint8Array(0), size: 0, mode, changed: Date.now() };
  }

  private node(path: string): Inode {
    const n = this.nodes.get(clean(path));
    if (n === undefined) throw new Refused("ENOENT");
    return n;
  }

  private file(fd: number): Open {
    const f = this.open_.get(fd);
    if (f === undefined) throw new Refused("EBADF");
    return f;
  }

  /** folder fails unless there is one for a file of that path. */
  private folder(path: string): void {
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    if (this.nodes.get(parent)?.directory !== true) throw new Refused("ENOENT");
  }

  /** forget gives back what a file takes that has neither a name nor anybody who has it open. */
  private forget(node: Inode): void {
    if (node.directory || [...this.open_.values()].some((f) => f.node === node)) return;
    if (![...this.nodes.values()].includes(node)) this.resize(node, 0);
  }

  private inside(path: string): string[] {
    const under = path === "/" ? "/" : `${path}/`;
    return [...this.nodes.keys()]
      .filter((p) => p !== "/" && p.startsWith(under) && !p.slice(under.length).includes("/"))
      .map((p) => p.slice(under.length));
  }

  /** resize gives a file so many bytes; its room doubles, so that what is appended is not copied each time. */
  private resize(node: Inode, size: number): void {
    if (node.directory) throw new Refused("EISDIR");
    if (this.held - node.size + size > LIMIT) throw new Refused("ENOSPC");
    if (size > node.bytes.length || size === 0) {
      const more = new Uint8Array(size === 0 ? 0 : Math.max(size, 2 * node.bytes.length));
      more.set(node.bytes.subarray(0, Math.min(node.size, size)));
      node.bytes = more;
    } else if (size < node.size) node.bytes.fill(0, size, node.size);
    this.held += size - node.size;
    node.size = size;
    node.changed = Date.now();
  }
}

function clean(path: string): string {
  const out: string[] = [];
  for (const p of path.split("/")) {
    if (p === "..") out.pop();
    else if (p !== "" && p !== ".") out.push(p);
  }
  return `/${out.join("/")}`;
}

function statOf(n: Inode): object {
  const time = n.changed;
  return {
    dev: 1,
    ino: n.ino,
    mode: (n.directory ? DIRECTORY : REGULAR) | (n.mode & 0o777),
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: n.size,
    blksize: 4096,
    blocks: Math.ceil(n.size / 512),
    atimeMs: time,
    mtimeMs: time,
    ctimeMs: time,
    isDirectory: () => n.directory,
  };
}
