// The wall of a class, as it comes.
import { batch, signal } from "@preact/signals";
import { type Cards, told } from "../../core/class/wall";
import type { Clock, Server } from "./server";

export class WallView {
  readonly cards = signal<Cards>(new Map());
  /** The wall has been heard at all. */
  readonly heard = signal(false);
  /** Why it isn't at the moment; "" while it is. */
  readonly down = signal("");
  readonly dispose: () => void;

  constructor(id: string, server: Server, clock: Clock) {
    this.dispose = server.wall(id, {
      hear: (m) =>
        batch(() => {
          clock.tell(m.now);
          this.cards.value = told(this.cards.peek(), m);
          this.heard.value = true;
          this.down.value = "";
        }),
      down: (why) => {
        this.down.value = why;
      },
    });
  }
}
