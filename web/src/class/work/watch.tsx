// Above somebody else's bench: that one only looks, and what leads to more.
import { useEffect, useState } from "preact/hooks";
import type { Classroom } from "../../session/class/classroom";
import { WallView } from "../../session/class/wallview";
import type { LabSession } from "../../session/session";
import { addressOf } from "../../ui/place";
import { useActing } from "../../ui/school";
import "../../ui/forms.css";
import css from "./work.module.css";

export function WatchBar(props: { readonly room: Classroom; readonly lab: LabSession }) {
  const { room, lab } = props;
  const acting = useActing();
  // The wall knows whose bench it is, and whether they said yes.
  const [view, setView] = useState<WallView | undefined>(undefined);
  useEffect(() => {
    const v = new WallView(room.id, room.server, room.clock);
    setView(v);
    return () => v.dispose();
  }, [room]);
  const card = view?.cards.value.get(lab.id);
  const people = lab.people.value;
  const typing = people?.may === "type";
  const asked = !typing && (people?.asks ?? "") !== "";
  const act = (what: "ask" | "end") => (): void => {
    void acting.run(() => room.help(lab.id, what));
  };
  return (
    <div class={`school ${css.work}`}>
      <section class={css.help} data-state={typing ? "accepted" : "watch"} aria-label="Whose bench this is">
        <a
          href={`#${addressOf({ kind: "class", id: room.id, tab: "wall" })}`}
          class={typing ? "button" : css.back}
          data-testid="to-wall"
        >
          <span aria-hidden="true">←</span> wall
        </a>
        <span role="status" data-testid="watching">
          {card === undefined ? (
            "You look at a student's bench."
          ) : typing ? (
            <strong>You may type on {card.name}'s bench: both of you see everything.</strong>
          ) : (
            <>
              You look at <strong>{card.name}</strong>'s bench, {card.title}. Nothing that you press here changes it.
              {asked && ` ${card.name} is asked whether you may type.`}
              {card.help === "refused" && ` ${card.name} would rather go on alone.`}
              {card.hand !== "" && (
                <>
                  {" "}
                  Hand raised{card.hand.trim() === "" ? "." : ": "}
                  {card.hand.trim() !== "" && <q>{card.hand}</q>}
                </>
              )}
            </>
          )}
        </span>
        {acting.error !== "" && <span class="bad">{acting.error}</span>}
        {typing || asked ? (
          <button type="button" disabled={acting.busy} onClick={act("end")} data-testid="help-end">
            {typing ? "End help" : "Ask no more"}
          </button>
        ) : (
          <button type="button" class="primary" disabled={acting.busy} onClick={act("ask")} data-testid="help-ask">
            Ask to type
          </button>
        )}
      </section>
    </div>
  );
}
