import { render } from "preact";
import { App } from "./app/app";
import { browser } from "./app/browser";
import { Page } from "./app/page";
import "./ui/base.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
const page = new Page(browser);
render(<App page={page} />, root);
void page.boot();
