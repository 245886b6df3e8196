// The bytes of a row: those of the selected field are lit, and a byte selects its field.
import { fieldAt, fieldByPath } from "../../core/fields";
import { hexLines, parseHex } from "../../core/hex";
import type { Field } from "../../protocol/types";
import { useLab } from "../../ui/pane";

/** Bytes shown at most; a longer row's are in the capture. */
const SHOWN = 4096;

export function Bytes(props: { readonly hex: string; readonly fields: readonly Field[] }) {
  const { field } = useLab().selection;
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
