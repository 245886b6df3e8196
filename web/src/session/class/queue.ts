// The queue of a full server: a place in it that moves, and then one's turn.
import { readQueuePlace } from "../../protocol/class/guards";
import type { QueuePlace } from "../../protocol/class/types";
import { type Answered, path, type Refused, type Server } from "./server";

/** After an answer that was none, the server is asked again: milliseconds. */
const AGAIN = 3000;

/**
 * queued asks for something until there is room: begin is given the ticket whose turn it is, "" at first. at is told
 * each place in the queue; gone says that nobody waits any more.
 */
export async function queued<T>(
  server: Server,
  begin: (ticket: string) => Promise<Answered<T>>,
  at: (place: QueuePlace) => void,
  gone: () => boolean,
): Promise<Answered<T>> {
  let ticket = "";
  for (;;) {
    const got = await begin(ticket);
    if (got.ok || got.queue === undefined || gone()) return got;
    const turn = await waited(server, got, got.queue, at, gone);
    if (typeof turn !== "string") return turn;
    ticket = turn;
  }
}

/** waited waits for one's turn; it returns the ticket, or why there is none. */
async function waited(
  server: Server,
  refused: Refused,
  first: QueuePlace,
  at: (place: QueuePlace) => void,
  gone: () => boolean,
): Promise<string | Refused> {
  let now = first;
  at(now);
  while (!now.ready) {
    const got = await server.ask("GET", `${path`api/queue/${first.ticket}`}?place=${now.place}`, readQueuePlace);
    if (gone()) return refused;
    if (got.ok) {
      now = got.value;
      at(now);
    } else if (got.status === 404) {
      return ""; // it was waited for too long: from the beginning
    } else {
      await new Promise<void>((resolve) => server.after(AGAIN, resolve));
      if (gone()) return refused;
    }
  }
  return first.ticket;
}
