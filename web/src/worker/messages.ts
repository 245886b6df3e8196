// What a page and the worker with its labs say to each other. By a lab's port go the texts that go by a WebSocket
// where there is a server, and last of all a Goodbye from who leaves.

export type ToWorker =
  /** The first: where the site's folder is, with a slash at its end. */
  | { readonly kind: "boot"; readonly base: string }
  | {
      readonly kind: "ask";
      readonly n: number;
      readonly method: string;
      readonly path: string;
      readonly query: string;
      readonly body: Uint8Array | null;
    }
  | { readonly kind: "dial"; readonly id: string; readonly since: number | null; readonly port: MessagePort };

export type FromWorker =
  | { readonly kind: "answer"; readonly n: number; readonly answer: Answer }
  /** It is over with this worker and its labs. */
  | { readonly kind: "failed"; readonly error: string };

/** An Answer is as HTTP would bring it; file is what it is called where it is to be kept, else "". */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly file: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface Goodbye {
  readonly code: number;
  readonly reason: string;
}
