// How often what has been taken in is drawn: as often as a person can read, and less
// often where drawing takes the page too long, so that it still answers.

/** What a person can read, in milliseconds. */
export const READ_EVERY = 100;
const SELDOM = 500;
/** While a person waits for what a command does. */
const AWAITED_EVERY = 32;
/** A frame that took longer is felt. */
const LATE = 32;
/** What is taken in of the server's messages in one frame, in milliseconds. */
export const TAKE = 6;

export class Pace {
  /** Milliseconds from one drawing to the next. */
  every = READ_EVERY;
  private drawn = Number.NEGATIVE_INFINITY;
  private before = 0;
  private hurried = Number.NEGATIVE_INFINITY;

  /** due says whether it is time to draw, at the beginning of a frame. */
  due(now: number): boolean {
    return now - this.drawn >= (now < this.hurried ? AWAITED_EVERY : this.every);
  }

  /** hurry asks for drawing more often for a while: a person waits for something to be seen. */
  hurry(now: number, ms: number): void {
    this.hurried = Math.max(this.hurried, now + ms);
  }

  /** drew says that it is being drawn. */
  drew(now: number): void {
    this.drawn = now;
  }

  /** frame says that a frame begins. Where it follows on another, it learns how long that took. */
  frame(now: number, follows: boolean): void {
    const took = now - this.before;
    this.before = now;
    if (!follows) return;
    this.every = took > LATE ? Math.min(this.every * 1.5, SELDOM) : Math.max(this.every * 0.97, READ_EVERY);
  }
}
