// The gradebook: of a class, a column a lesson; of a lesson, a row a student, with their
// hand-ins and what a teacher says of them, regrades, scores out.
import { useEffect, useState } from "preact/hooks";
import { points } from "../../core/class/lesson";
import type { ClassBook } from "../../protocol/class/types";
import { Empty, Refused } from "../../ui/parts";
import { addressOf } from "../../ui/place";
import { useRoom } from "../../ui/school";
import { Head } from "../frame";
import css from "./book.module.css";
import { OfLesson } from "./lesson";

export function Book(props: { readonly lesson: string }) {
  return props.lesson === "" ? <OfClass /> : <OfLesson key={props.lesson} lesson={props.lesson} />;
}

function OfClass() {
  const room = useRoom();
  const [words, setWords] = useState("");
  useEffect(() => void room.book.load(), [room]);
  const book = room.book.value.value;
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return (
    <>
      <Head title="Gradebook">
        <p class="dim">A lesson's name leads to its hand-ins, points and export.</p>
        <span class="grow" />
        <input
          type="search"
          aria-label="find students"
          placeholder="find"
          value={words}
          onInput={(e) => setWords(e.currentTarget.value)}
        />
      </Head>
      <Refused error={room.book.error.value} again={() => void room.book.load()} />
      {book !== undefined && (book.lessons.length === 0 || book.rows.length === 0) && (
        <Empty title="Nothing to grade yet.">
          <p class="dim">Here is a row for each student and a column for each lesson, once there are some.</p>
        </Empty>
      )}
      {book !== undefined && book.lessons.length > 0 && book.rows.length > 0 && (
        <Matrix
          of={{
            ...book,
            rows: book.rows.filter((r) => wanted.every((w) => `${r.name} ${r.section}`.toLowerCase().includes(w))),
          }}
        />
      )}
    </>
  );
}

function Matrix(props: { readonly of: ClassBook }) {
  const { of: book } = props;
  const room = useRoom();
  return (
    <div class="tablebox">
      <table class={`data ${css.matrix}`} data-testid="class-book">
        <thead>
          <tr>
            <th scope="col">student</th>
            {book.lessons.map((l) => (
              <th key={l.id} scope="col" class="num">
                <a href={`#${addressOf({ kind: "lesson", id: room.id, lesson: l.id, bench: false })}`}>{l.title}</a>
                <span class="dim"> of {points(l.max)}</span>
              </th>
            ))}
            <th scope="col" class="num">
              sum
            </th>
          </tr>
        </thead>
        <tbody>
          {book.rows.map((r) => {
            const finals = r.cells.flatMap((c) => (c.final === undefined ? [] : [c.final]));
            return (
              <tr key={r.person} class={r.active ? "" : "gone"}>
                <th scope="row">
                  {r.name} {r.section !== "" && <span class="dim">{r.section}</span>}
                </th>
                {book.lessons.map((l) => {
                  const c = r.cells.find((x) => x.lesson === l.id);
                  return (
                    <td key={l.id} class="num">
                      {c === undefined ? (
                        <span class="dim">–</span>
                      ) : c.excused ? (
                        <span class="dim">excused</span>
                      ) : c.grading ? (
                        <span class="dim">grading…</span>
                      ) : c.final === undefined ? (
                        <span class="dim" title="The lesson's name leads to what there is so far">
                          handed in
                        </span>
                      ) : (
                        points(c.final)
                      )}
                      {c?.late === true && (
                        <span class={css.flag} title="late">
                          {" "}
                          late
                        </span>
                      )}
                      {c?.marked === true && (
                        <span class={css.flag} title="a teacher's points">
                          {" "}
                          ✎
                        </span>
                      )}
                    </td>
                  );
                })}
                <td class="num">
                  <strong>{finals.length === 0 ? "–" : points(finals.reduce((a, b) => a + b, 0))}</strong>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
