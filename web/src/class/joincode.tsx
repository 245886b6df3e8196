// The join code: small for the teacher, and so large that the last row reads it.
import { useState } from "preact/hooks";
import { Copy, Dialog } from "../ui/parts";
import { addressOf } from "../ui/place";
import { useRoom } from "../ui/school";
import css from "./joincode.module.css";

/** dashed is a code in two halves, as one reads it out. */
export function dashed(code: string): string {
  return code.length === 8 ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
}

export function JoinCode() {
  const room = useRoom();
  const [shown, setShown] = useState(false);
  const about = room.about.value.value;
  if (about === undefined || about.code === "") return null;
  const code = dashed(about.code);
  const site = `${location.origin}${location.pathname}`;
  return (
    <>
      <button
        type="button"
        onClick={() => setShown(true)}
        title="So large that the last row reads it"
        data-testid="show-code"
      >
        Join code <strong class="mono">{code}</strong>
      </button>
      {shown && (
        <Dialog title={`Join ${about.name}`} onClose={() => setShown(false)} wide>
          <div class={css.poster}>
            <p>
              Open <strong>{site.replace(/^https?:\/\//, "").replace(/\/$/, "")}</strong>, choose{" "}
              <em>Join it or sign in</em>, and enter
            </p>
            <p class={css.code} data-testid="big-code">
              {code}
            </p>
            <div class="actions">
              <Copy text={`${site}#${addressOf({ kind: "signin", code })}`} what="a link that joins" />
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
