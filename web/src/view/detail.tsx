// The selected row in full: its facts, its fields, its bytes.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Block, parseBrief, type Span } from "../core/brief";
import { fieldAt, fieldByPath, fieldLines, parents } from "../core/fields";
import { exactSeconds } from "../core/format";
import { hexLines, parseHex } from "../core/hex";
import { dataOf, type Row, rowFacts } from "../core/row";
import type { Field } from "../protocol/types";
import { field, lab, live, selectedRow, showFields, shown } from "./store";

export function Detail() {
  const row = selectedRow.value;
  const isLive = live.value;
  useEffect(() => {
    void showFields(row);
  }, [row, isLive]);
  if (row === undefined) return <Brief />;
  const s = shown.value;
  const hex = dataOf(row);
  const fields = s.kind === "fields" ? s.decode.fields : [];
  return (
    <section id="detail" class="detail" aria-label="Detail of the selected row" tabIndex={-1}>
      <div class="facts">
        <Facts row={row} />
        {s.kind === "waiting" && <p class="dim">Decoding…</p>}
        {s.kind === "failed" && <p class="bad">{s.error}</p>}
        {fields.length > 0 && <Tree fields={fields} />}
      </div>
      <div class="bytes">
        {hex === "" ? <p class="teach">This row moved no bytes.</p> : <Bytes hex={hex} fields={fields} />}
      </div>
    </section>
  );
}

function Facts(props: { readonly row: Row }) {
  return (
    <dl>
      <dt>time</dt>
      <dd>{exactSeconds(props.row.at)} s, virtual</dd>
      {rowFacts(props.row).map((f) => (
        <>
          <dt>{f.name}</dt>
          <dd class={f.bad === true ? "bad" : ""}>{f.value}</dd>
        </>
      ))}
    </dl>
  );
}

function Tree(props: { readonly fields: readonly Field[] }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const root = useRef<HTMLDivElement>(null);
  const chosen = field.value;
  // A byte was chosen whose field is under a closed one: open it.
  useEffect(() => {
    if (chosen === undefined) return;
    const up = parents(chosen);
    if (up.some((p) => closed.has(p))) setClosed(new Set([...closed].filter((p) => !up.includes(p))));
    root.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const lines = fieldLines(props.fields, closed);
  const current = lines.findIndex((l) => l.path === chosen);

  const toggle = (path: string, open: boolean): void => {
    const next = new Set(closed);
    if (open) next.delete(path);
    else next.add(path);
    setClosed(next);
  };
  const go = (i: number): void => {
    const line = lines[Math.min(Math.max(i, 0), lines.length - 1)];
    if (line !== undefined) field.value = line.path;
  };
  const onKey = (e: KeyboardEvent): void => {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const line = lines[current];
    if (e.key === "ArrowDown") go(current + 1);
    else if (e.key === "ArrowUp") go(current - 1);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(lines.length - 1);
    else if (e.key === "ArrowRight" && line !== undefined) toggle(line.path, true);
    else if (e.key === "ArrowLeft" && line !== undefined) {
      if (line.open && line.field.fields.length > 0) toggle(line.path, false);
      else field.value = parents(line.path).at(-1) ?? line.path;
    } else return;
    e.preventDefault();
  };

  return (
    <div
      class="tree"
      role="tree"
      aria-label="Fields"
      tabIndex={0}
      ref={root}
      onKeyDown={onKey}
      aria-activedescendant={chosen === undefined ? undefined : `field-${chosen}`}
    >
      {lines.map((l) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the focus and the keys
        <div
          key={l.path}
          id={`field-${l.path}`}
          role="treeitem"
          tabIndex={-1}
          aria-level={l.depth + 1}
          aria-selected={l.path === chosen}
          aria-expanded={l.field.fields.length > 0 ? l.open : undefined}
          class={`field${l.field.fields.length > 0 ? " layer" : ""}`}
          style={{ paddingLeft: `${l.depth * 16 + 20}px` }}
          title={`${l.field.name}: bytes ${l.field.off} to ${l.field.off + Math.max(l.field.len - 1, 0)}`}
          onClick={() => {
            field.value = l.path;
          }}
          onDblClick={() => toggle(l.path, !l.open)}
        >
          {l.field.fields.length > 0 && (
            <span
              class="twist"
              aria-hidden="true"
              onClick={(e) => {
                e.stopPropagation();
                toggle(l.path, !l.open);
              }}
            >
              {l.open ? "▾" : "▸"}
            </span>
          )}
          <span class="label">{l.field.label || l.field.name}</span>
          <span class="value" title={l.field.value}>
            {clipped(l.field.value)}
          </span>
          {l.field.text !== "" && <span class="dim"> {l.field.text}</span>}
          {l.field.bad !== "" && <b class="bad"> {l.field.bad}</b>}
        </div>
      ))}
    </div>
  );
}

/** A long value is all in the bytes beside it. */
function clipped(value: string): string {
  return value.length > 64 ? `${value.slice(0, 64)}…` : value;
}

/** Bytes shown at most; a longer row's are in the capture. */
const SHOWN = 4096;

function Bytes(props: { readonly hex: string; readonly fields: readonly Field[] }) {
  const data = parseHex(props.hex);
  const chosen = field.value === undefined ? undefined : fieldByPath(props.fields, field.value);
  const lit = (off: number): boolean => chosen !== undefined && off >= chosen.off && off < chosen.off + chosen.len;
  const choose = (e: MouseEvent): void => {
    const cell = e.target instanceof HTMLElement ? e.target.dataset.off : undefined;
    if (cell !== undefined) field.value = fieldAt(props.fields, Number(cell));
  };
  const lines = hexLines(data.subarray(0, SHOWN), 16);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree does the same by keys
    <pre class="hex" onClick={choose} data-testid="hex">
      {lines.map((l) => (
        <div key={l.off}>
          <span class="off">{l.off}</span>
          {l.cells.map((c, i) => (
            <>
              {i === 8 ? "  " : " "}
              <span data-off={c.off} class={lit(c.off) ? "lit" : ""}>
                {c.hex}
              </span>
            </>
          ))}
          <span class="pad">{"   ".repeat(16 - l.cells.length) + (l.cells.length <= 8 ? " " : "")}</span>
          {"  "}
          {l.cells.map((c) => (
            <span key={c.off} data-off={c.off} class={`ascii${lit(c.off) ? " lit" : ""}`}>
              {c.ascii}
            </span>
          ))}
        </div>
      ))}
      {data.length > SHOWN && (
        <div class="dim">
          the first {SHOWN} of {data.length} bytes
        </div>
      )}
    </pre>
  );
}

/** Without a selected row: what this lab is about. */
function Brief() {
  const l = lab.value.lab;
  const blocks = parseBrief(l?.brief ?? "");
  return (
    <section id="detail" class="detail brief" aria-label="About this lab" tabIndex={-1}>
      <div class="facts">
        {blocks[0]?.kind !== "heading" && <h2>{l?.title ?? ""}</h2>}
        {blocks.map((b, i) => (
          <BriefBlock key={i} block={b} />
        ))}
        <p class="teach">Choose a row above to see its fields and bytes here.</p>
      </div>
    </section>
  );
}

function BriefBlock(props: { readonly block: Block }) {
  const b = props.block;
  switch (b.kind) {
    case "heading":
      return (
        <h3>
          <Spans of={b.spans} />
        </h3>
      );
    case "paragraph":
      return (
        <p>
          <Spans of={b.spans} />
        </p>
      );
    case "list":
      return (
        <ul>
          {b.items.map((item, i) => (
            <li key={i}>
              <Spans of={item} />
            </li>
          ))}
        </ul>
      );
    case "code":
      return <pre class="code">{b.text}</pre>;
    default:
      return b satisfies never;
  }
}

function Spans(props: { readonly of: readonly Span[] }) {
  return (
    <>
      {props.of.map((s, i) =>
        s.kind === "code" ? (
          <code key={i}>{s.text}</code>
        ) : s.kind === "strong" ? (
          <strong key={i}>{s.text}</strong>
        ) : (
          s.text
        ),
      )}
    </>
  );
}
