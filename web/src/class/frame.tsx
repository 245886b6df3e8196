// What is around each page of a class: where one is, who one is, and where one can go.
import type { ComponentChildren } from "preact";
import { readTicket } from "../protocol/class/guards";
import { Copy } from "../ui/parts";
import { addressOf, type Place } from "../ui/place";
import { useActing, useSchool } from "../ui/school";
import "../ui/forms.css";
import css from "./frame.module.css";

export interface TabLink {
  readonly place: Place;
  readonly name: string;
  readonly here: boolean;
  readonly count?: number;
}

export function Frame(props: {
  readonly crumbs?: readonly { readonly name: string; readonly place?: Place }[];
  readonly tabs?: readonly TabLink[];
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  const { people } = useSchool();
  return (
    <div class={`${css.frame} school`}>
      <header class={css.top}>
        <a class={css.brand} href="#start" aria-label="Wireloom: lessons and labs" data-testid="brand">
          <Mark />
          Wireloom
        </a>
        {props.crumbs !== undefined && props.crumbs.length > 0 && (
          <nav aria-label="Where you are">
            <ol class={css.crumbs}>
              {props.crumbs.map((c) => (
                <li key={c.name}>
                  {c.place === undefined ? (
                    <span aria-current="page">{c.name}</span>
                  ) : (
                    <a href={`#${addressOf(c.place)}`}>{c.name}</a>
                  )}
                </li>
              ))}
            </ol>
          </nav>
        )}
        {people.signedIn.value && <Who />}
      </header>
      {props.tabs !== undefined && (
        <nav class={css.tabs} aria-label="Parts of this page">
          {props.tabs.map((t) => (
            <a
              key={t.name}
              href={`#${addressOf(t.place)}`}
              aria-current={t.here ? "page" : undefined}
              data-testid={`tab-${t.name}`}
            >
              {t.name}
              {t.count !== undefined && t.count > 0 && ` (${t.count})`}
            </a>
          ))}
        </nav>
      )}
      <main class={css.main} data-wide={props.wide === true}>
        <Word />
        {props.children}
      </main>
    </div>
  );
}

/** Head is the title of a page, and what can be done there. */
export function Head(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class={css.head}>
      <h1>{props.title}</h1>
      {props.children}
    </div>
  );
}

function Who() {
  const { people, visit } = useSchool();
  const acting = useActing();
  const me = people.me.value;
  if (me === undefined) return null;
  const window = async (): Promise<void> => {
    const to = `/${location.hash}`;
    const got = await acting.run(() => people.server.ask("POST", "api/ticket", readTicket, { json: { to } }));
    if (got !== undefined) open(got.value.href, "_blank", "noopener");
  };
  const out = async (): Promise<void> => {
    if ((await acting.run(() => people.signOut(false))) !== undefined) visit({ kind: "signin", code: "" });
  };
  return (
    <div class={css.who}>
      {acting.error !== "" && <span class="bad">{acting.error}</span>}
      {me.operator && <a href={`#${addressOf({ kind: "admin", tab: "status" })}`}>operator</a>}
      <a href="#account" title="The ways in which you sign in" data-testid="me">
        {me.name}
      </a>
      {me.framed ? (
        <button type="button" class="small" disabled={acting.busy} onClick={() => void window()} data-testid="window">
          open in a new window
        </button>
      ) : (
        <button type="button" class="small" disabled={acting.busy} onClick={() => void out()} data-testid="signout">
          sign out
        </button>
      )}
    </div>
  );
}

/** Word is the word to come back with: it is said once, so it stays until somebody says that they have it. */
function Word() {
  const { people } = useSchool();
  const word = people.word.value;
  if (word === undefined) return null;
  return (
    <section class={`card ${css.word}`} aria-label="Your return word" data-testid="word">
      <p>
        Your return word is <strong class="mono">{word}</strong>
      </p>
      <p class="dim">
        Write it down.{" "}
        {people.me.value?.class === ""
          ? "On another computer, or when this browser forgets you, it signs you in, typed where a code is asked for. Keep it as a password is kept. "
          : "On another computer, or when this browser forgets you, you come back with the join code, your name and this word. "}
        It is shown only now.
      </p>
      <div class="actions">
        <button
          type="button"
          class="primary"
          onClick={() => {
            people.word.value = undefined;
          }}
        >
          I have noted it
        </button>
        <Copy text={word} what="the word" />
      </div>
    </section>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <rect width="16" height="16" rx="3" fill="var(--accent)" />
      <path d="M2 5h12M2 11h12M5 2v12M11 2v12" stroke="var(--bg)" stroke-width="1.4" fill="none" />
    </svg>
  );
}
