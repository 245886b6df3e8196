// A class, as who is in it has it: its lessons, and for staff its people.
import { signal } from "@preact/signals";
import {
  readArrivals,
  readClass,
  readClassBook,
  readHelp,
  readLesson,
  readLessons,
  readMember,
  readOneTimeCode,
  readRoster,
  readRosterDiff,
  readScenario,
  readScenarios,
} from "../../protocol/class/guards";
import type {
  Arrival,
  Class,
  ClassBook,
  ClassChange,
  CopyAsk,
  ExtensionAsk,
  Help,
  HelpAct,
  Lesson,
  LessonAsk,
  LessonChange,
  Member,
  MemberAsk,
  MemberChange,
  OneTimeCode,
  RosterDiff,
  Scenario,
} from "../../protocol/class/types";
import { type Answered, Asked, type Clock, type Form, nothing, type Picked, path, type Server } from "./server";

export class Classroom {
  readonly id: string;
  readonly server: Server;
  readonly clock: Clock;
  readonly about: Asked<Class>;
  readonly lessons: Asked<readonly Lesson[]>;
  readonly roster: Asked<readonly Member[]>;
  readonly arrivals: Asked<readonly Arrival[]>;
  readonly scenarios: Asked<readonly Scenario[]>;
  readonly book: Asked<ClassBook>;
  /** What a file would change of the roster. */
  readonly diff = signal<RosterDiff | undefined>(undefined);

  constructor(id: string, server: Server, clock: Clock) {
    this.id = id;
    this.server = server;
    this.clock = clock;
    const at = path`api/classes/${id}`;
    this.about = new Asked(() => server.ask("GET", at, readClass));
    this.lessons = new Asked(async () => {
      const got = await server.ask("GET", `${at}/lessons`, readLessons);
      if (!got.ok) return got;
      clock.tell(got.value.now);
      return { ok: true, value: got.value.lessons };
    });
    this.roster = new Asked(async () => {
      const got = await server.ask("GET", `${at}/roster`, readRoster);
      return got.ok ? { ok: true, value: got.value.people } : got;
    });
    this.arrivals = new Asked(async () => {
      const got = await server.ask("GET", `${at}/arrivals`, readArrivals);
      return got.ok ? { ok: true, value: got.value.arrivals } : got;
    });
    this.scenarios = new Asked(async () => {
      const got = await server.ask("GET", `${at}/scenarios`, readScenarios);
      return got.ok ? { ok: true, value: got.value.scenarios } : got;
    });
    this.book = new Asked(() => server.ask("GET", `${at}/book`, readClassBook));
  }

  private get at(): string {
    return path`api/classes/${this.id}`;
  }

  /** change changes the class. */
  async change(change: Omit<ClassChange, "version">): Promise<Answered<Class>> {
    const version = this.about.value.peek()?.version ?? 0;
    const got = await this.server.ask("PATCH", this.at, readClass, { json: { ...change, version } });
    if (got.ok) this.about.set(got.value);
    return got;
  }

  /** newCode makes another join code; the one before lets nobody in any more. */
  async newCode(): Promise<Answered<Class>> {
    const version = this.about.value.peek()?.version ?? 0;
    const got = await this.server.ask("POST", `${this.at}/code`, readClass, { json: { version } });
    if (got.ok) this.about.set(got.value);
    return got;
  }

  /** copy makes a class with these lessons and nobody in it. */
  copy(ask: CopyAsk): Promise<Answered<Class>> {
    return this.server.ask("POST", `${this.at}/copy`, readClass, { json: ask });
  }

  async addLesson(ask: LessonAsk): Promise<Answered<Lesson>> {
    const got = await this.server.ask("POST", `${this.at}/lessons`, readLesson, { json: ask });
    if (got.ok) this.lessons.change((all) => [...all, got.value]);
    return got;
  }

  /** changeLesson changes what it is given of a lesson that was seen like this. */
  async changeLesson(seen: Lesson, change: Omit<LessonChange, "version">): Promise<Answered<Lesson>> {
    const got = await this.server.ask("PATCH", path`api/lessons/${seen.id}`, readLesson, {
      json: { ...change, version: seen.version },
    });
    if (!got.ok) return got;
    this.lessons.change((all) => all.map((l) => (l.id === seen.id ? got.value : l)));
    if (change.position !== undefined) await this.lessons.load();
    return got;
  }

  async dropLesson(id: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("DELETE", path`api/lessons/${id}`, nothing);
    if (got.ok) this.lessons.change((all) => all.filter((l) => l.id !== id));
    return got;
  }

  /** extend gives somebody, or section:NAME, a later date. */
  async extend(lesson: string, who: string, ask: ExtensionAsk): Promise<Answered<undefined>> {
    const got = await this.server.ask("PUT", path`api/lessons/${lesson}/extensions/${who}`, nothing, { json: ask });
    if (got.ok) await this.lessons.load();
    return got;
  }

  async takeBack(lesson: string, who: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("DELETE", path`api/lessons/${lesson}/extensions/${who}`, nothing);
    if (got.ok) await this.lessons.load();
    return got;
  }

  async uploadScenario(file: Picked): Promise<Answered<Scenario>> {
    const got = await this.server.ask("POST", `${this.at}/scenarios`, readScenario, { file });
    if (got.ok) await this.scenarios.load();
    return got;
  }

  /** preview asks what a file would change. */
  async preview(file: Picked): Promise<Answered<RosterDiff>> {
    const got = await this.server.ask("POST", `${this.at}/roster/preview`, readRosterDiff, { file });
    this.diff.value = got.ok ? got.value : undefined;
    return got;
  }

  /** apply changes the roster as it was shown. */
  async apply(drop: boolean): Promise<Answered<undefined>> {
    const diff = this.diff.peek();
    if (diff === undefined) return { ok: true, value: undefined };
    const got = await this.server.ask("POST", `${this.at}/roster/apply`, nothing, {
      json: { preview: diff.preview, drop },
    });
    if (!got.ok) return got;
    this.diff.value = undefined;
    await this.people();
    return got;
  }

  /** takePeople has the class's people as the courses that it belongs to have them. */
  async takePeople(): Promise<Answered<undefined>> {
    const got = await this.server.ask("POST", `${this.at}/roster/sync`, nothing, { json: {} });
    if (got.ok) await this.people();
    return got;
  }

  async addMember(ask: MemberAsk): Promise<Answered<Member>> {
    const got = await this.server.ask("POST", `${this.at}/members`, readMember, { json: ask });
    if (got.ok) await this.people();
    return got;
  }

  async changeMember(person: string, change: MemberChange): Promise<Answered<Member>> {
    const got = await this.server.ask("PATCH", this.at + path`/members/${person}`, readMember, { json: change });
    if (got.ok) this.roster.change((all) => all.map((m) => (m.person === person ? got.value : m)));
    return got;
  }

  /** oneTimeCode lets a member in once. */
  oneTimeCode(person: string): Promise<Answered<OneTimeCode>> {
    return this.server.ask("POST", this.at + path`/members/${person}/code`, readOneTimeCode, { json: {} });
  }

  async turnAway(arrival: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("DELETE", this.at + path`/arrivals/${arrival}`, nothing);
    if (got.ok) await this.arrivals.load();
    return got;
  }

  /** help takes a step on the way to helping in a lab. */
  help(lab: string, act: HelpAct): Promise<Answered<Help>> {
    return this.server.ask("POST", path`api/labs/${lab}/help`, readHelp, { json: { do: act } });
  }

  /** broadcast tells all who work on a lesson, or all of the class, something; with a program for a slot of theirs. */
  broadcast(
    text: string,
    lesson: string,
    program: { readonly slot: string; readonly file: Picked } | undefined,
  ): Promise<Answered<undefined>> {
    if (program === undefined)
      return this.server.ask("POST", `${this.at}/broadcast`, nothing, {
        json: lesson === "" ? { text } : { text, lesson },
      });
    const [node = "", proc = ""] = program.slot.split(/\.(.*)/s);
    const form: Form = { fields: { text, lesson, node, proc }, files: { program: program.file } };
    return this.server.ask("POST", `${this.at}/broadcast`, nothing, { form });
  }

  private async people(): Promise<void> {
    await Promise.all([this.roster.load(), this.arrivals.load(), this.about.load()]); // which counts them
  }
}
