// That a lab has doors, by which something outside of it may be plugged in, and who is there.
import { grouped } from "../../core/format";
import type { DoorStatus } from "../../protocol/types";

export function Doors(props: { readonly doors: readonly DoorStatus[] }) {
  const { doors } = props;
  return (
    <details class="doors" data-testid="doors">
      <summary class="tag" title="What comes in by a door no seed knows: only the recording has this run again">
        reproducible from its recording only
      </summary>
      <div class="sheet">
        <table class="list">
          <caption>Doors: ports into which something outside of the lab may be plugged</caption>
          <thead>
            <tr>
              <th>port</th>
              <th>kind</th>
              <th>who is there</th>
              <th class="num">in</th>
              <th class="num">out</th>
              <th>dropped</th>
            </tr>
          </thead>
          <tbody>
            {doors.map((d) => (
              <tr key={d.port}>
                <td class="mono">{d.port}</td>
                <td>{d.kind}</td>
                <td>{said(d)}</td>
                <td class="num">{grouped(d.in)}</td>
                <td class="num">{grouped(d.out)}</td>
                <td>{reasons(d)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

const reasons = (d: DoorStatus): string =>
  Object.entries(d.dropped)
    .map(([why, n]) => `${grouped(n)} ${why}`)
    .join(", ");

/** Who is there, or why nobody is. */
function said(d: DoorStatus): string {
  if (d.shut !== "") return `shut: ${d.shut}`;
  if (d.by !== "") return d.by;
  const waits = d.at === "" ? "nobody" : `nobody; it listens at ${d.at}`;
  return d.last === "" ? waits : `${waits}. The last: ${d.last}`;
}
