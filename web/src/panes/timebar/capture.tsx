import { useRef, useState } from "preact/hooks";
import { captureCommand, captureFile, capturePoints, pointOf, WHOLE } from "../../core/capture";
import { useLab } from "../../ui/pane";
import { useShell } from "../../ui/shell";
import css from "./capture.module.css";

/** What to capture, and how: at a point, of frames that a filter takes, so far or live. */
export function Capture() {
  const lab = useLab();
  const shell = useShell();
  const dialog = useRef<HTMLDialogElement>(null);
  const [point, setPoint] = useState(WHOLE);
  const [filter, setFilter] = useState("");
  const edges = lab.graph.value.edges;
  const groups = capturePoints(lab.topology.value, edges);
  const known = groups.some((g) => g.points.some((p) => p.point === point));
  const open = (): void => {
    setPoint(pointOf(lab.selection.thing.peek(), lab.topology.peek(), edges));
    dialog.current?.showModal();
  };
  const live = shell.pageUrl(lab.id);
  return (
    <>
      <button
        type="button"
        aria-label="capture a part, or live"
        title="Capture what is selected, or another part; or live into Wireshark"
        data-testid="capture-part"
        onClick={open}
      >
        …
      </button>
      <dialog
        ref={dialog}
        class={css.capture}
        aria-label="Capture"
        // The bench's keys are not for who is in here.
        onKeyDown={(e) => e.stopPropagation()}
      >
        <h2>Capture</h2>
        <label>
          where
          <select
            value={known ? point : WHOLE}
            data-testid="capture-point"
            onChange={(e) => setPoint(e.currentTarget.value)}
          >
            <option value={WHOLE}>the whole lab</option>
            {groups.map((g) => (
              <optgroup key={g.title} label={g.title}>
                {g.points.map((p) => (
                  <option key={p.point} value={p.point}>
                    {p.says}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        <label>
          frames
          <input
            type="text"
            value={filter}
            maxLength={1024}
            placeholder="all; or as in Wireshark: arp || icmp"
            spellcheck={false}
            data-testid="capture-filter"
            onInput={(e) => setFilter(e.currentTarget.value)}
          />
        </label>
        <p>
          <a
            class="button primary"
            href={shell.fileUrl(lab.id, captureFile(known ? point : WHOLE, filter))}
            download
            data-testid="capture-file"
          >
            download
          </a>{" "}
          what the lab has kept so far, for Wireshark.
        </p>
        {live === undefined ? (
          <p class="dim">Seeing it as it passes needs a server: this lab is in the page alone.</p>
        ) : (
          <>
            <p>Or see it as it passes:</p>
            <pre data-testid="capture-live">{captureCommand(live, known ? point : WHOLE, filter)}</pre>
          </>
        )}
        <form method="dialog">
          <button type="submit">close</button>
        </form>
      </dialog>
    </>
  );
}
