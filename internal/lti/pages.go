package lti

import (
	"cmp"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"wireloom/internal/lti/message"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// A page is one of the few that a launch may stop at. They need no session and no script of the front end, since they are for browsers that may keep neither.
type page struct {
	Name   string
	Status int      // 200 if 0
	Frames []string // the origins that may show it in a frame; nobody if empty
	Nonce  string   // of its style and scripts
	Data   any
}

var pages = template.Must(template.New("pages").Parse(`{{define "top"}}<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Wireloom</title><style nonce="{{.Nonce}}">
:root{color-scheme:light dark} body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}
button{font:inherit;padding:.5rem 1rem} label{display:block;padding:.25rem 0} small{color:GrayText} fieldset{border:1px solid GrayText;margin:1rem 0}
</style>{{end}}

{{define "problem"}}{{template "top" .}}<h1>This did not work</h1><p id=problem>{{.Data.Sentence}}</p>
{{if .Data.Code}}<p><small>{{.Data.Code}}{{if .Data.Request}} · {{.Data.Request}}{{end}}</small></p>{{end}}{{end}}

{{define "storage"}}
const said = JSON.parse(document.getElementById("said").textContent);
const frame = said.Storage === "_parent" ? window.parent : window.parent.frames[said.Storage];
const ask = (message, then) => {
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
  let over = false;
  const end = (value) => { if (!over) { over = true; then(value); } };
  addEventListener("message", (e) => {
    if (e.origin === said.Origin && e.data && e.data.message_id === id && e.data.subject === message.subject + ".response") end(e.data.value);
  });
  try { frame.postMessage({ ...message, message_id: id }, said.Origin); } catch { end(undefined); }
  setTimeout(end, 1500);
};{{end}}

{{define "keep"}}{{template "top" .}}<p>One moment: your course is being opened.</p><noscript><a href="{{.Data.To}}">Go on</a></noscript>
<script type="application/json" id=said nonce="{{.Nonce}}">{{.Data}}</script>
<script nonce="{{.Nonce}}">{{template "storage"}}
ask({ subject: "lti.put_data", key: said.Key, value: said.Value }, () => location.replace(said.To));
</script>{{end}}

{{define "kept"}}{{template "top" .}}<p>One moment: your course is being opened.</p>
<form id=go method=post action="kept"><input type=hidden name=state value="{{.Data.State}}"><input type=hidden name=id_token value="{{.Data.Token}}"><input type=hidden name=kept id=kept>
<noscript><button>Go on</button></noscript></form>
<script type="application/json" id=said nonce="{{.Nonce}}">{{.Data}}</script>
<script nonce="{{.Nonce}}">{{template "storage"}}
ask({ subject: "lti.get_data", key: said.Key }, (value) => {
  document.getElementById("kept").value = typeof value === "string" ? value : "";
  document.getElementById("go").submit();
});
</script>{{end}}

{{define "window"}}{{template "top" .}}<h1>Open your lab in a new window</h1>
<p>Your browser keeps nothing for a page that is inside of another one, so the lab can't be shown here.{{if not .Data.Stored}} You come from your learning platform{{with .Data.Who}} as <b>{{.}}</b>{{end}}: if that is not you, close this page.{{end}}</p>
<form method=post action="window" target=_blank id=form><input type=hidden name=ticket value="{{.Data.Ticket}}"><button id=window>Open in a new window</button></form>
<p id=done hidden>It is open in another window. To open it once more, open the link in your course again.</p>
<script nonce="{{.Nonce}}">document.getElementById("form").addEventListener("submit", () => setTimeout(() => { document.getElementById("form").hidden = true; document.getElementById("done").hidden = false; }));</script>{{end}}

{{define "connect"}}{{template "top" .}}<h1>Which class is this course?</h1>
<p><b>{{.Data.Course}}</b> is not connected to a class yet. Students can come when it is.</p>
<form method=post action="connect"><input type=hidden name=ticket value="{{.Data.Ticket}}"><fieldset>
{{if .Data.Copied}}<label><input type=radio name=class value=copy required> a new class with the lessons of <b>{{.Data.Copied}}</b>, whose links this course has</label>{{end}}
<label><input type=radio name=class value=new required> a new class, <b>{{.Data.Name}}</b></label>
{{range .Data.Classes}}<label><input type=radio name=class value="{{.ID}}" required> {{.Name}}{{with .Term}}, {{.}}{{end}}</label>{{end}}
</fieldset><label>Time zone of its dates <input name=zone id=zone value="UTC"></label><p><button id=connect>Connect</button></p>
<p><small>A class that you made with another way to sign in is not here until you have joined the two, under your name on the page of your classes.</small></p></form>
<script nonce="{{.Nonce}}">document.getElementById("zone").value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";</script>{{end}}

{{define "choose"}}{{template "top" .}}<h1>Lessons for {{.Data.Course}}</h1><p>Of the class {{.Data.Class}}.</p>
{{if .Data.Lessons}}<form method=post action="deeplink"><input type=hidden name=ticket value="{{.Data.Ticket}}"><fieldset>
{{range .Data.Lessons}}<label><input type={{if $.Data.Multiple}}checkbox{{else}}radio{{end}} name=lesson value="{{.ID}}"> {{.Title}}{{if not .Published}} <small>(not published yet)</small>{{end}}</label>{{end}}
</fieldset><button id=choose>Add to the course</button></form>
{{else}}<p id=problem>The class has no lessons yet. Open this tool from the course (any link to it), add lessons to the class there, and come back.</p>{{end}}{{end}}

{{define "send"}}{{template "top" .}}<p>One moment: back to your course.</p>
<form id=go method=post action="{{.Data.To}}"><input type=hidden name=JWT value="{{.Data.Token}}"><noscript><button>Go on</button></noscript></form>
<script nonce="{{.Nonce}}">document.getElementById("go").submit();</script>{{end}}

{{define "registered"}}{{template "top" .}}<h1>Registered</h1><p>This server and {{.Data.Name}} know each other now. {{.Data.Next}}</p>
<script type="application/json" id=said nonce="{{.Nonce}}">{{.Data}}</script>
<script nonce="{{.Nonce}}">const said = JSON.parse(document.getElementById("said").textContent);
(window.opener || window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, said.Origin);</script>{{end}}`))

// show answers with a page.
func (t *Tool) show(w http.ResponseWriter, p page, data any) {
	p.Nonce, p.Data = rand.Text(), data
	frames := "'none'"
	if len(p.Frames) > 0 {
		frames = strings.Join(p.Frames, " ")
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	// No form-action: the form that goes back to a platform is redirected there as it likes, which browsers would hold against us.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+p.Nonce+"'; script-src 'nonce-"+p.Nonce+"'; base-uri 'none'; frame-ancestors "+frames)
	// The tool's own forms tell by their origin that they are its own.
	h.Set("Referrer-Policy", "same-origin")
	if p.Status != 0 {
		w.WriteHeader(p.Status)
	}
	if err := pages.ExecuteTemplate(w, p.Name, p); err != nil {
		t.log.Warn("a page for a launch was not written", "page", p.Name, "err", err)
	}
}

func (t *Tool) problem(w http.ResponseWriter, r *http.Request, status int, code message.Why, sentence string, frames []string) {
	t.show(w, page{Name: "problem", Status: status, Frames: frames}, map[string]string{"Sentence": sentence, "Code": string(code), "Request": visitor.RequestID(r.Context())})
}

// statuses are what refusals are in HTTP, where they are no bad request.
var statuses = map[message.Why]int{
	message.NoKeys: http.StatusServiceUnavailable, message.Pending: http.StatusForbidden, message.NotConnected: http.StatusForbidden,
	message.NotTeacher: http.StatusForbidden, message.NoRole: http.StatusForbidden, message.NoLesson: http.StatusNotFound,
}

// fail answers with a page that says what is wrong. frames is nil where nobody knows whose frame it would be: then the page is seen in a window of its own only.
func (t *Tool) fail(w http.ResponseWriter, r *http.Request, err error, frames []string) {
	var no *message.Refusal
	switch {
	case errors.As(err, &no):
		t.log.InfoContext(r.Context(), "a launch was refused", "why", string(no.Why), "detail", no.Detail)
		t.problem(w, r, cmp.Or(statuses[no.Why], http.StatusBadRequest), no.Why, no.Sentence(), frames)
	case errors.Is(err, store.ErrFull):
		t.problem(w, r, http.StatusServiceUnavailable, "", "This server's disk is full: nothing can be kept. Tell who runs it.", frames)
	default:
		t.log.ErrorContext(r.Context(), "a launch failed", "err", err)
		t.problem(w, r, http.StatusInternalServerError, "", "Something is wrong here, and it is in the log. Open the link in your course again in a minute.", frames)
	}
}
