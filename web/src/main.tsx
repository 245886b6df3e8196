import { render } from "preact";
import { App } from "./app/app";
import { browser } from "./app/browser";
import { Page } from "./app/page";
import { lazyParts } from "./app/parts";
import "./ui/base.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
const page = new Page(browser);
render(<App page={page} parts={lazyParts()} />, root);
void page.boot();
