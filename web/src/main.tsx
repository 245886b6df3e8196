import { render } from "preact";
import { App } from "./app/app";
import { overServer, surroundings } from "./app/browser";
import { Page } from "./app/page";
import { lazyParts } from "./app/parts";
import "./ui/base.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
// What labserver site writes says so itself: its labs are in the page.
const site = document.querySelector('meta[name="wireloom-site"]') !== null;
const wire = site ? (await import("./app/tab")).overWorker() : overServer;
const page = new Page(surroundings(wire));
render(<App page={page} parts={lazyParts()} />, root);
void page.boot();
