// What the pages of a class may ask of the page around them.
import { createContext } from "preact";
import { useContext, useRef, useState } from "preact/hooks";
import type { Classroom } from "../session/class/classroom";
import type { People } from "../session/class/people";
import type { Answered } from "../session/class/server";
import type { Place } from "./place";

export interface School {
  readonly people: People;
  /** Goes to a place; in its stead, where Back is not to lead to what was shown. */
  readonly visit: (place: Place, replace?: boolean) => void;
}

const SchoolContext = createContext<School | undefined>(undefined);
export const SchoolProvider = SchoolContext.Provider;

export function useSchool(): School {
  const school = useContext(SchoolContext);
  if (school === undefined) throw new Error("there is no page around this component");
  return school;
}

const RoomContext = createContext<Classroom | undefined>(undefined);
export const RoomProvider = RoomContext.Provider;

/** useRoom is the class that this part of the page is about. */
export function useRoom(): Classroom {
  const room = useContext(RoomContext);
  if (room === undefined) throw new Error("there is no class around this component");
  return room;
}

/** Something that is done at the server: one at a time, and what it says where it refuses. */
export interface Acting {
  readonly busy: boolean;
  readonly error: string;
  /** run does it; the value is what came of it, undefined where it was refused, or something else is being done. */
  readonly run: <T>(f: () => Promise<Answered<T>>) => Promise<{ readonly value: T } | undefined>;
  readonly clear: () => void;
}

/** useActing is for a form or a button: what was typed stays where it is refused. */
export function useActing(): Acting {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const doing = useRef(false);
  return {
    busy,
    error,
    clear: () => setError(""),
    run: async (f) => {
      if (doing.current) return undefined;
      doing.current = true;
      setBusy(true);
      setError("");
      const got = await f();
      doing.current = false;
      setBusy(false);
      if (got.ok) return { value: got.value };
      setError(got.error);
      return undefined;
    },
  };
}
