// The selected row in full: its facts, its fields, its bytes.
import { useEffect } from "preact/hooks";
import { fieldByPath } from "../../core/fields";
import { exactSeconds } from "../../core/format";
import { dataOf, type Row, rowFacts } from "../../core/row";
import type { Field } from "../../protocol/types";
import { useLab } from "../../ui/pane";
import { Bytes } from "./bytes";
import css from "./detail.module.css";
import { Tree } from "./tree";

export function Detail() {
  const lab = useLab();
  const row = lab.selection.row.value;
  const isLive = lab.live.value;
  useEffect(() => {
    void lab.fields.show(row);
  }, [lab, row, isLive]);
  if (row === undefined) {
    return (
      <section class={css.detail} data-focus="detail" aria-label="Detail" tabIndex={-1}>
        <p class="teach">Choose a row of the time line, or a frame on its way, to see its fields and bytes here.</p>
      </section>
    );
  }
  const s = lab.fields.shown.value;
  const hex = dataOf(row);
  const fields = s.kind === "fields" ? s.decode.fields : [];
  return (
    <section class={css.detail} data-focus="detail" aria-label="Detail of the selected row" tabIndex={-1}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and may have nothing else to focus */}
      <div class="facts" role="group" aria-label="Facts" tabIndex={0}>
        {s.kind === "waiting" && <p class="dim">Decoding…</p>}
        {s.kind === "failed" && <p class="bad">{s.error}</p>}
        {fields.length > 0 && <Tree fields={fields} />}
        {fields.length > 0 && <Chosen fields={fields} />}
        <Facts row={row} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: as above */}
      <div class="bytes" role="group" aria-label="Bytes" tabIndex={0}>
        {hex === "" ? <p class="teach">This row moved no bytes.</p> : <Bytes hex={hex} fields={fields} />}
      </div>
    </section>
  );
}

/** The chosen field as a display filter, as Wireshark has it below. */
function Chosen(props: { readonly fields: readonly Field[] }) {
  const { selection, display } = useLab();
  const path = selection.field.value;
  const field = path === undefined ? undefined : fieldByPath(props.fields, path);
  if (field === undefined) return null;
  return (
    <p class="chosen" data-testid="chosen">
      <code title={field.filter}>{field.filter === "" ? field.name : field.filter}</code>
      {field.filter !== "" && (
        <button
          type="button"
          class="small"
          title="Show the frames of the time line in which it is so"
          data-testid="filter-by"
          onClick={() => {
            selection.part.value = "timeline";
            void display.apply(field.filter);
          }}
        >
          filter by this field
        </button>
      )}
    </p>
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
