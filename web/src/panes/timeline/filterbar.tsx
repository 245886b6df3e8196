// What the time line shows: sorts of rows as switches, and words that rows must have, or a display filter.
import { useId } from "preact/hooks";
import { SORTS, toggled } from "../../core/filter";
import { capital } from "../../core/format";
import { useLab } from "../../ui/pane";

const MAX_TEXT = 200;
/** The server reads no longer one. */
const MAX_FILTER = 4096;

export function FilterBar() {
  const { selection, display } = useLab();
  const f = selection.filter.value;
  return (
    <div class="filter" role="search" aria-label="Rows">
      {SORTS.map((sort) => (
        <button
          key={sort}
          type="button"
          class="small"
          aria-pressed={!f.hidden.has(sort)}
          title={f.hidden.has(sort) ? `Show ${sort}` : `Hide ${sort}`}
          data-testid={`show-${sort}`}
          onClick={() => {
            selection.filter.value = toggled(f, sort);
          }}
        >
          {sort}
        </button>
      ))}
      <button
        type="button"
        class="small mode"
        aria-pressed={display.on.value}
        title={
          display.on.value
            ? "The box takes a display filter, as Wireshark has them: press for words"
            : "The box takes words: press for a display filter, as Wireshark has them"
        }
        data-testid="display"
        onClick={() => display.toggle()}
      >
        filter
      </button>
      {display.on.value ? <DisplayBox /> : <Words />}
    </div>
  );
}

function Words() {
  const { selection } = useLab();
  const f = selection.filter.value;
  return (
    <input
      type="search"
      value={f.text}
      maxLength={MAX_TEXT}
      placeholder="words (Ctrl+F)"
      aria-label="Show rows that have these words"
      spellcheck={false}
      data-focus="filter"
      data-testid="filter"
      onInput={(e) => {
        selection.filter.value = { ...f, text: e.currentTarget.value };
      }}
      onKeyDown={(e) => {
        if (e.key === "Escape" && f.text !== "") {
          selection.filter.value = { ...f, text: "" };
          e.preventDefault();
        } else if (e.key === "Enter") selection.move(1);
      }}
    />
  );
}

/** The box of a display filter: green when it is one, red when it is none, with what is wrong. */
function DisplayBox() {
  const { display, selection } = useLab();
  const id = useId();
  const state = display.state.value;
  const error = state.kind === "invalid" ? capital(state.error.replace(/^filter, /, "")) : "";
  return (
    <span class={`display ${state.kind}`}>
      <input
        type="search"
        value={display.text.value}
        maxLength={MAX_FILTER}
        placeholder="arp or ip.ttl < 5 (Ctrl+F)"
        aria-label="Show frames that this display filter chooses"
        aria-invalid={state.kind === "invalid"}
        aria-describedby={error === "" ? undefined : id}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        data-focus="filter"
        data-testid="filter"
        onInput={(e) => void display.type(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Escape" && display.text.value !== "") {
            void display.type("");
            e.preventDefault();
          } else if (e.key === "Enter") selection.move(1);
        }}
      />
      {error !== "" && (
        <span class="wrong" id={id} role="status" data-testid="filter-error">
          {error}
        </span>
      )}
    </span>
  );
}
