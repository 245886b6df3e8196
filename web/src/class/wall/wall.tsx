// The wall: every bench of the class as a small live card, who needs help first.
import { useEffect, useMemo, useState } from "preact/hooks";
import { counted, done, type Need, need, sorted } from "../../core/class/wall";
import { ago, lasts } from "../../core/class/when";
import type { WallCard } from "../../protocol/class/types";
import { WallView } from "../../session/class/wallview";
import { Dialog, Empty, Field, Refused } from "../../ui/parts";
import { addressOf } from "../../ui/place";
import { useActing, useRoom } from "../../ui/school";
import { Head } from "../frame";
import css from "./wall.module.css";

const WORDS: { readonly [need in Need]: readonly [one: string, word: string] } = {
  hand: ["raised hand", "raised hands"],
  helped: ["being helped", "being helped"],
  stuck: ["stuck", "stuck"],
  works: ["at work", "at work"],
  done: ["has all checks", "have all checks"],
  away: ["away", "away"],
};

export function Wall() {
  const room = useRoom();
  const view = useMemo(() => new WallView(room.id, room.server, room.clock), [room]);
  const [lesson, setLesson] = useState("");
  const [only, setOnly] = useState<Need | "">("");
  const [telling, setTelling] = useState(false);
  useEffect(() => () => view.dispose(), [view]);
  const now = room.clock.now.value;
  const cards = view.cards.value;
  const here = new Map([...cards].filter(([, c]) => lesson === "" || c.lesson === lesson));
  const counts = counted(here, now);
  const shown = sorted(here, now).filter((c) => only === "" || need(c, now) === only);
  const lessons = (room.lessons.value.value ?? []).filter((l) => l.published);
  return (
    <>
      <Head title="Wall">
        <fieldset class={css.counts}>
          <legend class="away">whom to show</legend>
          {(Object.keys(WORDS) as Need[]).map((n) => (
            <button
              key={n}
              type="button"
              class={`small ${css.filter}`}
              data-need={n}
              aria-pressed={only === n}
              disabled={counts[n] === 0 && only !== n}
              onClick={() => setOnly(only === n ? "" : n)}
              data-testid={`count-${n}`}
            >
              {counts[n]} {WORDS[n][counts[n] === 1 ? 0 : 1]}
            </button>
          ))}
        </fieldset>
        <span class="grow" />
        <select class="narrow" aria-label="lesson" value={lesson} onChange={(e) => setLesson(e.currentTarget.value)}>
          <option value="">all lessons</option>
          {lessons.map((l) => (
            <option key={l.id} value={l.id}>
              {l.title}
            </option>
          ))}
        </select>
        <button type="button" class="primary" onClick={() => setTelling(true)} data-testid="broadcast">
          Tell all…
        </button>
      </Head>
      <Refused error={view.down.value} />
      {view.heard.value && cards.size === 0 && (
        <Empty title="Nobody has opened a lesson yet.">
          <p class="dim">
            Each student who does is a card here: what they did last, how far they are, whether they need help.
          </p>
        </Empty>
      )}
      {!view.heard.value && view.down.value === "" && <p class="dim">Opening the wall…</p>}
      <ul class={css.wall}>
        {shown.map((c) => (
          <Card key={c.lab} of={c} now={now} />
        ))}
      </ul>
      {telling && <Tell lesson={lesson} onClose={() => setTelling(false)} />}
    </>
  );
}

function Card(props: { readonly of: WallCard; readonly now: number }) {
  const { of: c, now } = props;
  const room = useRoom();
  const is = need(c, now);
  return (
    <li class={css.card} data-need={is} data-testid="wall-card">
      <div class={css.name}>
        <a href={`#${addressOf({ kind: "watch", id: room.id, lab: c.lab })}`} data-testid="watch">
          {c.name}
        </a>
        {c.section !== "" && <span class="dim">{c.section}</span>}
      </div>
      <div class={css.title}>{c.title}</div>
      <Progress passed={c.passed} of={c.of} />
      {c.hand !== "" ? (
        <p class={css.hand}>
          <Hand />
          <span>
            {c.hand.trim() === "" ? "hand raised" : c.hand}
            <span class="dim"> {ago(c.handat, now)}</span>
          </span>
        </p>
      ) : (
        <p class={css.did} title={c.did}>
          {c.did === "" ? "nothing done yet" : c.did}
          {c.at > 0 && <span class="dim"> {ago(c.at, now)}</span>}
        </p>
      )}
      <p class={css.foot}>
        {is === "stuck" && <strong class={css.stuck}>stuck for {lasts(now - c.since)}</strong>}
        {is === "helped" && <strong>{c.help === "asked" ? `${c.helper} asks to help` : `${c.helper} helps`}</strong>}
        {is === "done" && <span class={css.fine}>{c.handed > 0 ? "done, handed in" : "done, not handed in"}</span>}
        {is === "works" && c.handed > 0 && <span class="dim">handed in</span>}
        {is === "away" && <span class="dim">{c.parked ? "away, lab is parked" : "away"}</span>}
      </p>
    </li>
  );
}

function Progress(props: { readonly passed: number; readonly of: number }) {
  const { passed, of } = props;
  if (of === 0) return <p class={`dim ${css.bar}`}>not checked yet</p>;
  return (
    <p class={css.bar}>
      <span class={css.track} aria-hidden="true">
        <span class={css.fill} style={{ width: `${(100 * passed) / of}%` }} />
      </span>
      <span>
        {passed}/{of} <span class="away">checks passed</span>
        {done({ passed, of } as WallCard) && <span aria-hidden="true"> ✓</span>}
      </span>
    </p>
  );
}

function Hand() {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path
        d="M5 8V3.5a1 1 0 0 1 2 0V7m0-4.5a1 1 0 0 1 2 0V7m0-3.5a1 1 0 0 1 2 0V8m0-2.5a1 1 0 0 1 2 0V10c0 2.5-1.5 4.5-4.5 4.5C6 14.5 5 13 4 11.5L2.3 9.3a1 1 0 0 1 1.6-1.2L5 9"
        fill="none"
        stroke="currentColor"
        stroke-width="1.2"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** Tell tells all something, or gives all a program. */
function Tell(props: { readonly lesson: string; readonly onClose: () => void }) {
  const room = useRoom();
  const acting = useActing();
  const [lesson, setLesson] = useState(props.lesson);
  const [text, setText] = useState("");
  const [file, setFile] = useState<File | undefined>(undefined);
  const [slot, setSlot] = useState("");
  const lessons = (room.lessons.value.value ?? []).filter((l) => l.published);
  const tell = async (): Promise<void> => {
    const program = file === undefined ? undefined : { slot: slot.trim(), file };
    if ((await acting.run(() => room.broadcast(text.trim(), lesson, program))) !== undefined) props.onClose();
  };
  return (
    <Dialog title="Tell all" onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void tell();
        }}
      >
        <Field label="To">
          {(id) => (
            <select id={id} value={lesson} onChange={(e) => setLesson(e.currentTarget.value)}>
              <option value="">all of the class</option>
              {lessons.map((l) => (
                <option key={l.id} value={l.id}>
                  who works on {l.title}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="What">
          {(id) => (
            <textarea
              id={id}
              rows={3}
              required
              maxLength={1000}
              value={text}
              data-testid="broadcast-text"
              onInput={(e) => setText(e.currentTarget.value)}
            />
          )}
        </Field>
        <details>
          <summary>With a program, for a slot of theirs</summary>
          <div class={`pair ${css.program}`}>
            <Field label="Program (.wasm)">
              {(id) => (
                <input
                  id={id}
                  type="file"
                  accept=".wasm"
                  data-testid="broadcast-file"
                  onChange={(e) => setFile(e.currentTarget.files?.[0])}
                />
              )}
            </Field>
            <Field label="Slot" hint="NODE.PROC, as in bob.pingd">
              {(id, by) => (
                <input
                  id={id}
                  aria-describedby={by}
                  value={slot}
                  required={file !== undefined}
                  pattern="[^.]+\..+"
                  data-testid="broadcast-slot"
                  onInput={(e) => setSlot(e.currentTarget.value)}
                />
              )}
            </Field>
          </div>
          <p class="hint">
            They are offered it, and put it there with one press: what they have in that slot is replaced then. It is
            for one lesson.
          </p>
        </details>
        <Refused error={acting.error} />
        <div class="actions">
          <button
            type="submit"
            class="primary"
            disabled={acting.busy || (file !== undefined && lesson === "")}
            data-testid="broadcast-send"
          >
            {acting.busy ? "telling…" : "Tell them"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
