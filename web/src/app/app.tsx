// The whole page: the start, a bench for each lab, a page of a class, or what is said when there is none of these.
import type { ComponentType } from "preact";
import type { Room, RoomParts } from "../class/room";
import { lasts } from "../core/class/when";
import type { QueuePlace } from "../protocol/class/types";
import type { LabSession } from "../session/session";
import type { AdminTab } from "../ui/place";
import { SchoolProvider } from "../ui/school";
import { ShellProvider } from "../ui/shell";
import css from "./app.module.css";
import type { As, Page, Phase } from "./page";
import { Start } from "./start";

/** What the page is made of beside its start. main.tsx loads each when it is wanted first. */
export interface Parts {
  readonly benches: ComponentType<{
    readonly page: Page;
    readonly labs: readonly LabSession[];
    readonly as: As | undefined;
  }>;
  readonly keys: ComponentType<{ readonly page: Page }>;
  readonly signin: ComponentType<{ readonly code: string }>;
  readonly classes: ComponentType;
  readonly account: ComponentType;
  readonly room: typeof Room | ComponentType<Parameters<typeof Room>[0]>;
  readonly rooms: RoomParts;
  readonly admin: ComponentType<{ readonly tab: AdminTab }>;
}

export function App(props: { readonly page: Page; readonly parts: Parts }) {
  const { page, parts } = props;
  return (
    <ShellProvider value={page}>
      <SchoolProvider value={page}>
        <Shown page={page} parts={parts} />
        <parts.keys page={page} />
      </SchoolProvider>
    </ShellProvider>
  );
}

function Shown(props: { readonly page: Page; readonly parts: Parts }) {
  const { page, parts } = props;
  const p = page.phase.value;
  switch (p.kind) {
    case "starting":
      if (p.queue !== undefined) return <Queue at={p.queue} />;
      return (
        <Splash title="Starting a lab…" text={`A network of your own is being wired up. ${p.about?.goal ?? ""}`} />
      );
    case "opening":
      return (
        <main class={css.splash} aria-busy="true">
          <p class="dim">Opening…</p>
        </main>
      );
    case "failed":
      return <Splash title={p.what ?? "No lab could be started"} text={p.error} again={() => page.again()} />;
    case "start":
      return <Start page={page} />;
    case "labs":
      return <parts.benches page={page} labs={p.labs} as={p.as} />;
    case "place":
      return <AtPlace of={p} parts={parts} />;
    default:
      return p satisfies never;
  }
}

function AtPlace(props: { readonly of: Extract<Phase, { kind: "place" }>; readonly parts: Parts }) {
  const { parts } = props;
  const { place, room } = props.of;
  switch (place.kind) {
    case "signin":
      return <parts.signin key={place.code} code={place.code} />;
    case "classes":
      return <parts.classes />;
    case "account":
      return <parts.account />;
    case "admin":
      return <parts.admin tab={place.tab} />;
    case "class":
    case "lesson":
    case "watch":
      return room === undefined ? null : <parts.room key={room.id} room={room} place={place} parts={parts.rooms} />;
    default:
      return place satisfies never;
  }
}

/** Queue is one's place where the server is full: it moves by itself, and the lab begins by itself. */
function Queue(props: { readonly at: QueuePlace }) {
  const { place, seconds, ready } = props.at;
  return (
    <main class={css.splash} aria-live="polite" data-testid="queue">
      <h1>The server is full</h1>
      {ready ? (
        <p>It is your turn: the lab begins now.</p>
      ) : (
        <>
          <p>
            You are number <strong>{place}</strong> in the queue
            {seconds > 0 && `, for about ${lasts(seconds * 1000)} more`}.
          </p>
          <p class="dim">Leave this page open: your lab begins here by itself. Loading it again loses your place.</p>
        </>
      )}
    </main>
  );
}

function Splash(props: { readonly title: string; readonly text: string; readonly again?: () => void }) {
  return (
    <main class={css.splash} aria-live="polite">
      <h1>{props.title}</h1>
      <p>{props.text}</p>
      {props.again !== undefined && (
        <button type="button" onClick={props.again}>
          try again
        </button>
      )}
    </main>
  );
}
