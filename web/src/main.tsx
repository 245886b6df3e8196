import { render } from "preact";
import { App } from "./view/app";
import { boot } from "./view/store";
import "./view/style.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
render(<App />, root);
void boot();
