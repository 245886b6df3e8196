// A border between two parts of the bench that can be moved: by dragging it, or by the
// arrow keys where it has the focus. A double click, or Enter, puts it back.
import { useRef } from "preact/hooks";
import { LIMITS, type Split } from "../core/layout";
import { useShell } from "../ui/shell";
import css from "./splitter.module.css";

/** By how much an arrow key moves it, of the whole row; with Shift by more. */
const STEP = 0.02;
const STRIDE = 0.1;

export function Splitter(props: { readonly split: Split; readonly lying?: boolean; readonly label: string }) {
  const { split, label } = props;
  const lying = props.lying === true;
  const shell = useShell();
  const drag = useRef<{ readonly from: number; readonly share: number; readonly whole: number } | undefined>(undefined);
  const share = shell.layout.value[split];
  const [least, greatest] = LIMITS[split];
  const percent = (n: number): number => Math.round(n * 100);
  const along = (e: PointerEvent): number => (lying ? e.clientY : e.clientX);

  const onKey = (e: KeyboardEvent): void => {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const step = e.shiftKey ? STRIDE : STEP;
    const [less, more] = lying ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
    if (e.key === less) shell.arrange(split, share - step);
    else if (e.key === more) shell.arrange(split, share + step);
    else if (e.key === "Home") shell.arrange(split, least);
    else if (e.key === "End") shell.arrange(split, greatest);
    else if (e.key === "Enter") shell.arrange(split, undefined);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div
      class={css.splitter}
      role="separator"
      tabIndex={0}
      aria-orientation={lying ? "horizontal" : "vertical"}
      aria-label={label}
      aria-valuenow={percent(share)}
      aria-valuemin={percent(least)}
      aria-valuemax={percent(greatest)}
      aria-valuetext={`${percent(share)} %`}
      title="Drag to resize; arrow keys move it, a double click puts it back"
      data-testid={`split-${split}`}
      onKeyDown={onKey}
      onDblClick={() => shell.arrange(split, undefined)}
      onPointerDown={(e) => {
        const row = e.currentTarget.parentElement?.getBoundingClientRect();
        if (row === undefined || e.button !== 0) return;
        drag.current = { from: along(e), share, whole: lying ? row.height : row.width };
        e.currentTarget.setPointerCapture(e.pointerId);
      }}
      onPointerMove={(e) => {
        const d = drag.current;
        if (d !== undefined && d.whole > 0) shell.arrange(split, d.share + (along(e) - d.from) / d.whole);
      }}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
    />
  );
}
