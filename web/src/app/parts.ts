// The parts of the page, each of which is loaded when it is wanted first: who comes to sign
// in loads no bench, and a student no gradebook.
import { lazy } from "../ui/lazy";
import type { Parts } from "./app";

export function lazyParts(): Parts {
  return {
    benches: lazy(() => import("./benches").then((m) => m.Benches)),
    keys: lazy(() => import("./keys").then((m) => m.Keys), true),
    signin: lazy(() => import("../class/signin/signin").then((m) => m.SignIn)),
    classes: lazy(() => import("../class/classes/classes").then((m) => m.Classes)),
    account: lazy(() => import("../class/account/account").then((m) => m.Account)),
    room: lazy(() => import("../class/room").then((m) => m.Room)),
    rooms: {
      lessons: lazy(() => import("../class/lessons/teacher").then((m) => m.TeacherLessons)),
      roster: lazy(() => import("../class/roster/roster").then((m) => m.Roster)),
      book: lazy(() => import("../class/book/book").then((m) => m.Book)),
      wall: lazy(() => import("../class/wall/wall").then((m) => m.Wall)),
      settings: lazy(() => import("../class/settings/settings").then((m) => m.Settings)),
    },
    admin: lazy(() => import("../class/admin/admin").then((m) => m.Admin)),
  };
}
