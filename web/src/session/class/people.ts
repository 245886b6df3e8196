// Who somebody is, and which classes they have.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import {
  readClass,
  readClasses,
  readIdentities,
  readMe,
  readOneTimeCode,
  readWelcome,
} from "../../protocol/class/guards";
import type { Class, ClassAsk, Identity, Me, OneTimeCode, Welcome } from "../../protocol/class/types";
import { type Answered, Asked, Clock, nothing, path, type Server } from "./server";

export class People {
  readonly server: Server;
  readonly clock: Clock;
  readonly me: ReadonlySignal<Me | undefined>;
  /** The server has classes at all; undefined until it is known. */
  readonly there = signal<boolean | undefined>(undefined);
  readonly classes: Asked<readonly Class[]>;
  /** The word to come back with, which is said once. */
  readonly word = signal<string | undefined>(undefined);
  readonly signedIn: ReadonlySignal<boolean>;
  readonly identities: Asked<readonly Identity[]>;
  private readonly who: Asked<Me>;

  constructor(server: Server) {
    this.server = server;
    this.clock = new Clock(server);
    this.who = new Asked(() => server.ask("GET", "api/me", readMe));
    this.me = this.who.value;
    this.signedIn = computed(() => this.me.value?.signed_in === true);
    this.identities = new Asked(async () => {
      const got = await server.ask("GET", "api/me/identities", readIdentities);
      return got.ok ? { ok: true, value: got.value.identities } : got;
    });
    this.classes = new Asked(async () => {
      const got = await server.ask("GET", "api/classes", readClasses);
      return got.ok ? { ok: true, value: got.value.classes } : got;
    });
  }

  /** look asks who this is. It returns why that could not be said, where there are classes at all. */
  async look(): Promise<string | undefined> {
    const got = await this.who.load();
    this.there.value = got.ok || (got.status !== 404 && got.status !== 405);
    if (!got.ok) return this.there.peek() === true ? got.error : undefined;
    if (got.value.signed_in) await this.classes.load();
    else this.classes.set(undefined);
    return undefined;
  }

  async join(code: string, name: string, secret: string): Promise<Answered<Welcome>> {
    return this.welcome(
      await this.server.ask("POST", "api/join", readWelcome, {
        json: { code, name, ...(secret === "" ? {} : { secret }) },
      }),
    );
  }

  /** signIn signs in by an operator's token or a one-time code. */
  async signIn(token: string): Promise<Answered<Welcome>> {
    return this.welcome(await this.server.ask("POST", "api/signin", readWelcome, { json: { token } }));
  }

  async signOut(everywhere: boolean): Promise<Answered<undefined>> {
    const got = await this.server.ask("POST", "api/signout", nothing, { json: everywhere ? { everywhere } : {} });
    this.word.value = undefined;
    await this.look();
    return got;
  }

  /** mergeCode is a code that another account of the same human's enters. */
  mergeCode(): Promise<Answered<OneTimeCode>> {
    return this.server.ask("POST", "api/me/identities/code", readOneTimeCode, { json: {} });
  }

  /** merge joins this account with the one that made a code. */
  async merge(code: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("POST", "api/me/identities/merge", nothing, { json: { code } });
    if (got.ok) await Promise.all([this.look(), this.identities.load()]);
    return got;
  }

  async forget(identity: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("DELETE", path`api/me/identities/${identity}`, nothing);
    if (got.ok) await this.identities.load();
    return got;
  }

  /** make makes a class. */
  async make(ask: ClassAsk): Promise<Answered<Class>> {
    const got = await this.server.ask("POST", "api/classes", readClass, { json: ask });
    if (got.ok) await this.classes.load();
    return got;
  }

  private async welcome(got: Answered<Welcome>): Promise<Answered<Welcome>> {
    if (!got.ok) return got;
    if (got.value.word !== "") this.word.value = got.value.word;
    await this.look();
    return got;
  }
}
