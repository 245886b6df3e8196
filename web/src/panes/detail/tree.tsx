// The fields of a frame as a tree, by keys and by mouse.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { fieldLines, parents } from "../../core/fields";
import type { Field } from "../../protocol/types";
import { useLab } from "../../ui/pane";

export function Tree(props: { readonly fields: readonly Field[] }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const root = useRef<HTMLDivElement>(null);
  const { field } = useLab().selection;
  const id = useId();
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
      aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen}`}
    >
      {lines.map((l) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the focus and the keys
        <div
          key={l.path}
          id={`${id}-${l.path}`}
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
