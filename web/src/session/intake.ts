// When a session takes in what the server says, and when that is drawn. It takes in
// once a frame, for a few milliseconds, and draws at 10 Hz: what a person can read, and
// what keeps the page of a busy lab smooth. A hidden page has no frames and hardly any
// timers: it takes in what comes when it comes, and draws when it is seen again.
import { Pace, TAKE } from "../core/pace";
import type { World } from "./world";

/** How long a person waits for what a command does, in milliseconds. */
const AWAITED = 500;
/** A window that is covered may get no frames either: then it takes in by a timer, in milliseconds. */
const COVERED = 250;

export class Intake {
  private readonly pace = new Pace();
  private readonly world: World;
  /** Takes in for some milliseconds; says whether more waits. */
  private readonly take: (ms: number) => boolean;
  private readonly draw: () => void;
  private stale = false;
  /** The next frame follows on one in which there was something to do. */
  private follows = false;
  private cancel: (() => void) | undefined;
  private readonly stopWatching: () => void;

  constructor(world: World, take: (ms: number) => boolean, draw: () => void) {
    this.world = world;
    this.take = take;
    this.draw = draw;
    this.stopWatching = world.onShown(() => this.wake());
  }

  /** waiting says that there is something to take in. */
  waiting(): void {
    if (this.world.hidden()) this.take(Number.POSITIVE_INFINITY);
    else this.wake();
  }

  /** changed says that there is something to draw. */
  changed(): void {
    this.stale = true;
    if (!this.world.hidden()) this.wake();
  }

  /** show draws now. */
  show(): void {
    this.stale = false;
    this.pace.drew(this.world.now());
    this.draw();
  }

  /** hurry draws more often for a while: a person waits for something. */
  hurry(): void {
    this.pace.hurry(this.world.now(), AWAITED);
  }

  dispose(): void {
    this.stopWatching();
    this.cancel?.();
    this.cancel = () => undefined; // no frame comes any more
  }

  /** wake sees to it that a frame comes. */
  private wake(): void {
    if (this.cancel !== undefined) return;
    const frame = this.world.frame(() => this.onFrame());
    const timer = this.world.after(COVERED, () => this.onFrame());
    this.cancel = () => {
      frame();
      timer();
    };
  }

  private onFrame(): void {
    this.cancel?.();
    this.cancel = undefined;
    const now = this.world.now();
    this.pace.frame(now, this.follows);
    const more = this.take(TAKE);
    if (this.stale && this.pace.due(now)) this.show();
    this.follows = more || this.stale;
    if (this.follows) this.wake();
  }
}
