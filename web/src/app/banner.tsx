// What stands between the page and its lab, in a sentence, with what can be done about it.
import { useLab } from "../ui/pane";

export function Banner(props: { readonly again: () => void }) {
  const lab = useLab();
  const c = lab.connection.value;
  const said = lab.notice.value;
  const retry = (): void => lab.retry();
  return (
    <div aria-live="polite">
      {c.kind === "reconnecting" && c.returning !== undefined && (
        <div class="banner" data-testid="banner">
          <span>
            Your lab lay on the server's disk, and is brought back as you left it: {Math.round(c.returning * 100)} % of
            what it did is done again.
          </span>
        </div>
      )}
      {c.kind === "reconnecting" && c.returning === undefined && (
        <div class="banner warn" data-testid="banner">
          <span>
            {c.refused
              ? `This lab can't be shown: ${c.why}.`
              : `The connection to the lab was lost${c.why === "" ? "" : ` (${c.why})`}. The lab goes on.`}{" "}
            Trying again {c.waitMs < 1000 ? "now" : `in ${Math.round(c.waitMs / 1000)} s`} (attempt {c.attempt}).
          </span>
          <button type="button" onClick={retry}>
            try now
          </button>
        </div>
      )}
      {c.kind === "closed" && (
        <div class="banner error" data-testid="banner">
          <span>{c.reason}</span>
          {!c.gone && (
            <button type="button" onClick={retry}>
              connect again
            </button>
          )}
          <button type="button" onClick={props.again}>
            start a new lab
          </button>
        </div>
      )}
      {said !== undefined && (
        <div class="banner error" data-testid="notice">
          <span>{said}</span>
          <button
            type="button"
            onClick={() => {
              lab.notice.value = undefined;
            }}
          >
            dismiss
          </button>
        </div>
      )}
    </div>
  );
}
