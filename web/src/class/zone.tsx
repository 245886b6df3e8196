// Which time zone the dates of a class are in.
import { useId } from "preact/hooks";
import { Field } from "../ui/parts";

export function ZoneField(props: { readonly value: string; readonly onInput: (zone: string) => void }) {
  const list = useId();
  return (
    <Field label="Time zone" hint="Due dates are in this zone, wherever a student is.">
      {(id, by) => (
        <>
          <input
            id={id}
            aria-describedby={by}
            list={list}
            value={props.value}
            required
            autocomplete="off"
            spellcheck={false}
            data-testid="zone"
            onInput={(e) => props.onInput(e.currentTarget.value)}
          />
          <datalist id={list}>
            {Intl.supportedValuesOf("timeZone").map((z) => (
              <option key={z} value={z} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
