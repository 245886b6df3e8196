// The time line: a list of up to 100,000 rows of which only those in sight are drawn.
import { useId } from "preact/hooks";
import { everything } from "../../core/filter";
import { count, grouped, seconds } from "../../core/format";
import { frameOf, protoOf, type Row, rowText } from "../../core/row";
import { at } from "../../core/rows";
import { ROWS } from "../../core/state";
import { isAbout } from "../../core/thing";
import type { LabSession } from "../../session/session";
import { useLab } from "../../ui/pane";
import { useWindow } from "../../ui/window";
import { FilterBar } from "./filterbar";
import css from "./timeline.module.css";

const ROW = 22;
/** The server's limits, for who wonders. */
const RATE = "A page gets at most 1 MiB a second, and some 4,000 events; the recording has them all.";

export function TimeLine() {
  const lab = useLab();
  const { selection } = lab;
  const id = useId();
  const rows = lab.rows.value;
  const listed = selection.listed.value;
  const follow = selection.following.value;
  const n = selection.n.value;
  const { missed, left } = lab.state.value;
  const { box, height, seen, top, whole, onScroll } = useWindow({
    first: listed.first,
    length: listed.length,
    rowHeight: ROW,
    follow,
    onFollow: (on) => {
      selection.following.value = on;
    },
    shown: n === undefined ? undefined : listed.placeOf(n),
  });

  const onKey = (e: KeyboardEvent): void => {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    if (e.key === "ArrowUp") selection.move(-1);
    else if (e.key === "ArrowDown") selection.move(1);
    else if (e.key === "PageUp") selection.move(-page);
    else if (e.key === "PageDown") selection.move(page);
    else if (e.key === "Home") selection.selectPlace(listed.first);
    else if (e.key === "End") selection.selectPlace(listed.first + listed.length - 1);
    else if (e.key === "Enter") openOwner(lab, n === undefined ? undefined : at(rows, n));
    else return;
    e.preventDefault();
  };

  const drawn: { readonly n: number; readonly index: number; readonly row: Row }[] = [];
  for (let place = seen.from; place < seen.to; place++) {
    const number = listed.at(place);
    const row = number === undefined ? undefined : at(rows, number);
    if (number !== undefined && row !== undefined) drawn.push({ n: number, index: place - listed.first + 1, row });
  }

  // A grid has rows; without any there is why.
  const grid =
    drawn.length === 0
      ? ({ role: "group" } as const)
      : {
          "aria-rowcount": listed.length,
          "aria-activedescendant": drawn.some((d) => d.n === n) ? `${id}-${n}` : undefined,
        };
  return (
    <section class={css.timeline} aria-label="Time line">
      <div class="head">
        <span class="time" aria-hidden="true">
          time, s
        </span>
        <span class="who" aria-hidden="true">
          who
        </span>
        <span aria-hidden="true">what</span>
        <span class="grow" />
        <FilterBar />
      </div>
      <div
        class="rows"
        data-focus="timeline"
        data-testid="timeline"
        ref={box}
        role="grid"
        aria-label="Events"
        {...grid}
        tabIndex={0}
        onScroll={onScroll}
        onKeyDown={onKey}
      >
        {rows.length === 0 ? (
          <p class="teach">
            Nothing has happened yet. Each device call and each frame will be a row here: press run, or step.
          </p>
        ) : (
          listed.length === 0 && (
            <p class="teach">
              None of the {count(rows.length, "row")} is what you look for.{" "}
              <button
                type="button"
                class="small"
                onClick={() => {
                  selection.filter.value = everything;
                }}
              >
                show all
              </button>
            </p>
          )
        )}
        <div class="spacer" style={{ height: `${whole}px` }}>
          <div style={{ transform: `translateY(${top}px)` }}>
            {drawn.map(({ n: i, index, row }) => (
              <Line key={i} id={`${id}-${i}`} n={i} index={index} row={row} />
            ))}
          </div>
        </div>
      </div>
      <footer class="foot">
        <span data-testid="kept">
          {listed.length < rows.length && `${grouped(listed.length)} of `}
          {count(rows.length, "row")}
          {rows.first > 0 && ` · the oldest ${grouped(rows.first)} let go (at most ${grouped(ROWS)} are kept)`}
          {missed > 0 && ` · ${grouped(missed)} missed`}
          {left > 0 && (
            <span title={`They came faster than people read: the page was told their number only. ${RATE}`}>
              {" "}
              · {grouped(left)} left out
            </span>
          )}
        </span>
        <span class="grow" />
        {follow ? (
          <span class="dim" data-testid="following">
            following
          </span>
        ) : (
          <>
            <span class="dim" data-testid="following">
              not following: you are reading
            </span>
            <button
              type="button"
              class="small"
              data-testid="follow"
              onClick={() => {
                selection.following.value = true;
              }}
            >
              follow
            </button>
          </>
        )}
      </footer>
    </section>
  );
}

function Line(props: { readonly id: string; readonly n: number; readonly index: number; readonly row: Row }) {
  const { n, row } = props;
  const t = rowText(row);
  const lab = useLab();
  const { selection } = lab;
  const on = selection.n.value === n;
  const frame = selection.frame.value;
  const mate = !on && frame !== 0 && frameOf(row) === frame;
  const about = isAbout(row, selection.thing.value, lab.graph.value.owner);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the focus and the keys
    <div
      id={props.id}
      data-n={n}
      class={`row ${t.tone} is-${row.kind}${on ? " on" : ""}${mate ? " mate" : ""}`}
      role="row"
      tabIndex={-1}
      aria-rowindex={props.index}
      aria-selected={on}
      data-proto={protoOf(row)}
      onClick={() => selection.select(n)}
      onDblClick={() => openOwner(lab, row)}
    >
      <span class="time" role="gridcell" tabIndex={-1}>
        {seconds(row.at)}
      </span>
      <span class={`who${about ? " about" : ""}`} role="gridcell" tabIndex={-1} title={t.who}>
        {t.who}
      </span>
      <span class="what" role="gridcell" tabIndex={-1}>
        {t.what}
        {t.error !== "" && <b class="bad"> {t.error}</b>}
        {t.more !== "" && <span class="more"> {t.more}</span>}
      </span>
    </div>
  );
}

/** Enter or a double click on a row shows its process below. */
function openOwner(lab: LabSession, row: Row | undefined): void {
  if (row === undefined || row.kind === "missed") return;
  if ("proc" in row && row.proc !== "") lab.selection.pick({ kind: "proc", node: row.node, proc: row.proc });
  else if ("node" in row && lab.topology.value.nodes.some((x) => x.name === row.node))
    lab.selection.pick({ kind: "node", node: row.node });
}
