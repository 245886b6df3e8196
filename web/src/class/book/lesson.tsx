// The gradebook of a lesson.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { COLUMNS, type Column, shown, summary } from "../../core/class/book";
import { points } from "../../core/class/lesson";
import { lasts, timeIn } from "../../core/class/when";
import type { BookRow, SyncRow } from "../../protocol/class/types";
import { LessonBook } from "../../session/class/lessonbook";
import { path } from "../../session/class/server";
import { Badge, Empty, Refused, When } from "../../ui/parts";
import { useRoom } from "../../ui/school";
import { Head } from "../frame";
import css from "./book.module.css";
import { Person } from "./person";
import { Regrading } from "./regrade";

const HEADS: { readonly [column in Column]: string } = {
  name: "student",
  section: "section",
  at: "hand-in that counts",
  late: "late by",
  auto: "checks",
  final: "points",
};

const ONLY = [
  ["all", "everybody"],
  ["missing", "nothing handed in"],
  ["late", "late"],
  ["marked", "marked by a teacher"],
  ["refused", "refused by the platform"],
] as const;

const FORMS = [
  ["canvas", "CSV for Canvas"],
  ["moodle", "CSV for Moodle"],
  ["gradescope", "Gradescope results"],
  ["junit", "JUnit XML"],
  ["json", "JSON"],
] as const;

export function OfLesson(props: { readonly lesson: string }) {
  const room = useRoom();
  const book = useMemo(() => new LessonBook(props.lesson, room.server), [room, props.lesson]);
  const [regrading, setRegrading] = useState(false);
  useEffect(() => {
    void book.book.load();
    if (room.about.value.peek()?.linked === true) void book.sync.load();
    return () => book.dispose();
  }, [book, room]);
  const lesson = room.lessons.value.value?.find((l) => l.id === props.lesson);
  const b = book.book.value.value;
  const teaches = room.about.value.value?.role === "teacher";
  const order = book.order.value;
  const wanted = book.wanted.value;
  const rows = b === undefined ? [] : shown(b.rows, order, wanted);
  return (
    <>
      <Head title={lesson?.title ?? "Gradebook"}>
        {b !== undefined && (
          <p class="dim" data-testid="summary">
            {summary(b.rows)}
          </p>
        )}
        <span class="grow" />
        <input
          type="search"
          aria-label="find students"
          placeholder="find"
          value={wanted.words}
          onInput={(e) => {
            book.wanted.value = { ...wanted, words: e.currentTarget.value };
          }}
        />
        <select
          class="narrow"
          aria-label="which students"
          value={wanted.only}
          onChange={(e) => {
            const only = ONLY.find(([o]) => o === e.currentTarget.value)?.[0] ?? "all";
            book.wanted.value = { ...wanted, only };
          }}
        >
          {ONLY.filter(([o]) => o !== "refused" || book.sync.value.value?.linked === true).map(([o, word]) => (
            <option key={o} value={o}>
              {word}
            </option>
          ))}
        </select>
        {teaches && (
          <button type="button" onClick={() => setRegrading(true)} data-testid="regrade">
            Regrade…
          </button>
        )}
        <Export book={book} />
      </Head>
      <Refused error={book.book.error.value} again={() => void book.book.load()} />
      <SyncBar book={book} />
      {b?.rows.length === 0 && (
        <Empty title="Nobody is in this class yet.">
          <p class="dim">A student who has handed nothing in has a row, too.</p>
        </Empty>
      )}
      {b !== undefined && b.rows.length > 0 && (
        <div class={css.two} data-open={book.open.value !== undefined}>
          <div class="tablebox">
            <table class="data" data-testid="book">
              <thead>
                <tr>
                  {COLUMNS.map((c) => (
                    <th
                      key={c}
                      scope="col"
                      class={c === "auto" || c === "final" ? "num" : ""}
                      aria-sort={order.by !== c ? "none" : order.down ? "descending" : "ascending"}
                    >
                      <button
                        type="button"
                        class="sort"
                        onClick={() => {
                          book.order.value = { by: c, down: order.by === c && !order.down };
                        }}
                      >
                        {HEADS[c]}
                        {c === "final" && ` of ${points(b.max)}`}
                        {c === "at" && `, ${room.about.value.value?.zone ?? "UTC"}`}
                      </button>
                    </th>
                  ))}
                  {book.sync.value.value?.linked === true && <th scope="col">platform</th>}
                </tr>
              </thead>
              <tbody>
                {rows.map((r) => (
                  <Row key={r.person} of={r} book={book} />
                ))}
              </tbody>
            </table>
            {rows.length === 0 && <p class="pad dim">Nobody fits what is wanted.</p>}
          </div>
          {book.open.value !== undefined && <Person key={book.open.value} person={book.open.value} book={book} />}
        </div>
      )}
      {regrading && (
        <Regrading
          book={book}
          onClose={() => {
            book.forget();
            setRegrading(false);
          }}
        />
      )}
    </>
  );
}

function Row(props: { readonly of: BookRow; readonly book: LessonBook }) {
  const { of: r, book } = props;
  const room = useRoom();
  const zone = room.about.value.value?.zone ?? "UTC";
  const open = book.open.value === r.person;
  const sync = book.sync.value.value;
  return (
    <tr class={`${r.active ? "" : "gone"} ${open ? css.on : ""}`} data-testid="book-row">
      <th scope="row">
        <button
          type="button"
          class="plain"
          aria-expanded={open}
          title="hand-ins, points, comment"
          onClick={() => book.look(open ? undefined : r.person)}
        >
          {r.name}
        </button>
      </th>
      <td>{r.section}</td>
      <td>
        {r.handins === 0 ? (
          <span class="dim">none</span>
        ) : (
          <>
            {timeIn(r.at, zone, room.clock.now.peek())}{" "}
            <span class="dim">
              {r.number} of {r.handins}
              {r.mark?.pin !== undefined && r.mark.pin !== "" && ", pinned"}
            </span>
          </>
        )}
      </td>
      <td>{r.late && <Badge tone="warn">{r.lateby > 0 ? lasts(r.lateby) : "late"}</Badge>}</td>
      <td class="num">
        {r.state === "queued" || r.state === "running" ? (
          <span class="dim">grading…</span>
        ) : r.state === "failed" ? (
          <span class="bad">failed</span>
        ) : r.auto === undefined ? (
          ""
        ) : (
          <>
            {points(r.auto)}{" "}
            <span class="dim">
              {r.passed}/{r.of}
            </span>
          </>
        )}
      </td>
      <td class="num">
        {r.mark?.excused === true ? (
          "excused"
        ) : r.final !== undefined ? (
          <strong>{points(r.final)}</strong>
        ) : r.state === "done" ? (
          <span class="dim" title="When all is checked, and nothing that would count instead can come any more">
            {r.due > room.clock.now.value ? "after the due date" : "not final yet"}
          </span>
        ) : (
          <span class="dim">–</span>
        )}
        {r.mark?.points !== undefined && (
          <span title={`given by ${r.mark.by}`} class={css.flag}>
            {" "}
            ✎
          </span>
        )}
        {(r.mark?.comment ?? "") !== "" && (
          <span title={r.mark?.comment} class={css.flag}>
            {" "}
            “…”
          </span>
        )}
      </td>
      {sync?.linked === true && <SyncCell of={sync.rows.find((s) => s.person === r.person)} book={book} />}
    </tr>
  );
}

const SYNCED = {
  sent: ["good", "sent"],
  waiting: ["plain", "waiting"],
  refused: ["bad", "refused"],
  none: ["plain", "nothing to send"],
  excused: ["plain", "excused"],
  nowhere: ["plain", "came by no platform"],
} as const;

function SyncCell(props: { readonly of: SyncRow | undefined; readonly book: LessonBook }) {
  const { of: s, book } = props;
  const [busy, setBusy] = useState(false);
  if (s === undefined) return <td />;
  const [tone, word] = SYNCED[s.state];
  const resend = (): void => {
    setBusy(true);
    void book.resend(s.person).then(() => setBusy(false));
  };
  return (
    <td>
      <Badge tone={tone}>{word}</Badge>{" "}
      {s.words !== "" && (
        <span class={css.words}>
          the platform says: <q>{s.words}</q>
        </span>
      )}{" "}
      {s.todo !== "" && <span class="dim">{s.todo}</span>}{" "}
      {(s.state === "refused" || s.state === "waiting") && (
        <button
          type="button"
          class="small"
          disabled={busy}
          onClick={resend}
          aria-label={`send again: the score of ${s.name}`}
        >
          send again
        </button>
      )}
    </td>
  );
}

/** SyncBar says where the scores of all are on their way to the platform. */
function SyncBar(props: { readonly book: LessonBook }) {
  const { book } = props;
  const [busy, setBusy] = useState(false);
  const room = useRoom();
  const s = book.sync.value.value;
  const error = book.sync.error.value;
  if (error !== undefined) return <Refused error={error} again={() => void book.sync.load()} />;
  if (s?.linked !== true) return null;
  const of = (state: SyncRow["state"]): number => s.rows.filter((r) => r.state === state).length;
  const refused = of("refused");
  const last = Math.max(0, ...s.rows.map((r) => r.sent));
  return (
    <div class={css.sync} data-testid="sync">
      <span>
        Scores at the platform: {of("sent")} sent, {of("waiting")} waiting,{" "}
        <span class={refused > 0 ? "bad" : ""}>{refused} refused</span>
        {last > 0 && (
          <span class="dim">
            , the last <When at={last} now={room.clock.now.value} zone={room.about.value.value?.zone ?? "UTC"} />
          </span>
        )}
      </span>
      <button type="button" class="small" onClick={() => void book.sync.load()}>
        look again
      </button>
      <button
        type="button"
        class="small"
        disabled={busy}
        onClick={() => {
          setBusy(true);
          void book.resend(undefined).then(() => setBusy(false));
        }}
      >
        send all again
      </button>
    </div>
  );
}

function Export(props: { readonly book: LessonBook }) {
  const { book } = props;
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (e: Event): void => {
      const m = menu.current;
      if (
        m === null ||
        (e instanceof KeyboardEvent ? e.key !== "Escape" : e.target instanceof Node && m.contains(e.target))
      )
        return;
      m.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details class={css.menu} ref={menu}>
      <summary class={css.summary} data-testid="export">
        Export
      </summary>
      <ul>
        {FORMS.map(([form, name]) => (
          <li key={form}>
            <a
              href={book.server.href(`${path`api/lessons/${book.lesson}/scores`}?form=${form}`)}
              download
              data-testid={`export-${form}`}
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}
