package platform

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// The platform's pages, as plain as they can be. Who somebody is stands in the path.
var pageText = template.Must(template.New("page").Parse(`{{define "top"}}<!doctype html><html lang=en><meta charset=utf-8><title>{{.}}</title>
<style>body{font:16px system-ui;margin:1em} iframe{width:100%;height:80vh;border:1px solid #888} td,th{padding:2px 8px;border:1px solid #ccc}</style><h1>{{.}}</h1>{{end}}

{{define "course"}}{{template "top" .Course.Title}}<ul>{{range .Course.Links}}<li><a href="{{$.Home}}/link/{{.ID}}">{{.Title}}</a> (<a href="{{$.Home}}/link/{{.ID}}/window">window</a>){{end}}</ul>
{{if .Chosen}}<p id=chosen>{{.Chosen}} added</p>{{end}}
<p><a href="{{.Home}}/choose">add from the tool</a> · <a href="{{.Home}}/grades">grades</a></p>{{end}}

{{define "frame"}}{{template "top" .Title}}
<iframe name=post_message_forwarding src="/storage" style="display:none"></iframe>
<iframe name=tool id=tool src="{{.Src}}" allow="clipboard-write"></iframe><script>` + storageScript + `</script>{{end}}

{{define "storage"}}<!doctype html><script>` + storageScript + `</script>{{end}}

{{define "grades"}}{{template "top" "Grades"}}<table id=grades><tr><th>{{range .Items}}<th>{{.Label}}{{end}}{{range .Rows}}<tr><th>{{.User}}{{range .Cells}}<td>{{.}}{{end}}{{end}}</table>{{end}}`))

// storageScript is the platform's side of LTI client-side postMessages 1.0 and the storage that is on it, and closes a registration.
const storageScript = `
const kept = {};
addEventListener("message", (e) => {
  const m = e.data;
  if (m === null || typeof m !== "object") return;
  const reply = (x) => e.source.postMessage({subject: m.subject + ".response", message_id: m.message_id, ...x}, e.origin);
  if (m.subject === "lti.put_data") { kept[e.origin + " " + m.key] = m.value; reply({key: m.key, value: m.value}); }
  if (m.subject === "lti.get_data") reply({key: m.key, value: kept[e.origin + " " + m.key]});
  if (m.subject === "lti.capabilities") reply({supported_messages: [{subject: "lti.put_data"}, {subject: "lti.get_data"}]});
  if (m.subject === "org.imsglobal.lti.close") { const p = document.createElement("p"); p.id = "closed"; p.textContent = "registered"; document.body.append(p); }
});`

func (p *Platform) show(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pageText.ExecuteTemplate(w, name, data)
}

func (p *Platform) pages() {
	const course = "/as/{user}/course/{course}"
	known := func(f http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			c := p.courses[r.PathValue("course")]
			ok := p.users[r.PathValue("user")] != nil && c != nil && p.tools[p.client] != nil && (r.PathValue("link") == "" || c.find(r.PathValue("link")) != nil)
			p.mu.Unlock()
			if !ok {
				http.NotFound(w, r)
				return
			}
			f(w, r)
		}
	}
	home := func(r *http.Request) string {
		return "/as/" + url.PathEscape(r.PathValue("user")) + "/course/" + url.PathEscape(r.PathValue("course"))
	}
	framed := func(title, rest string) http.HandlerFunc {
		return known(func(w http.ResponseWriter, r *http.Request) {
			src := home(r) + rest
			if l := r.PathValue("link"); l != "" {
				src = home(r) + "/link/" + l + "/begin"
			}
			p.show(w, "frame", map[string]string{"Title": title, "Src": src})
		})
	}
	begin := func(inFrame bool) http.HandlerFunc {
		return known(func(w http.ResponseWriter, r *http.Request) { p.begin(w, r, inFrame) })
	}
	p.mux.HandleFunc("GET "+course, known(func(w http.ResponseWriter, r *http.Request) { p.course(w, home(r), r.PathValue("course"), 0) }))
	p.mux.HandleFunc("GET "+course+"/link/{link}", framed("A link", ""))
	p.mux.HandleFunc("GET "+course+"/link/{link}/begin", begin(true))
	p.mux.HandleFunc("GET "+course+"/link/{link}/window", begin(false))
	p.mux.HandleFunc("GET "+course+"/choose", framed("Choose", "/choose/begin"))
	p.mux.HandleFunc("GET "+course+"/choose/begin", begin(true))
	p.mux.HandleFunc("GET "+course+"/grades", known(p.grades))
	p.mux.HandleFunc("POST "+course+"/chosen", func(w http.ResponseWriter, r *http.Request) {
		n, err := p.chosen(r.PathValue("course"), r.FormValue("JWT"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.course(w, home(r), r.PathValue("course"), n)
	})
	// The tool's registration page, in a frame. The tool's address comes as ?tool=.
	p.mux.HandleFunc("GET /as/{user}/register", func(w http.ResponseWriter, r *http.Request) {
		p.show(w, "frame", map[string]string{"Title": "Register a tool", "Src": p.NewRegistration(r.FormValue("tool"))})
	})
	p.mux.HandleFunc("GET /storage", func(w http.ResponseWriter, _ *http.Request) { p.show(w, "storage", nil) })
}

func (p *Platform) course(w http.ResponseWriter, home, id string, chosen int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(w, "course", map[string]any{"Course": p.courses[id], "Home": home, "Chosen": chosen})
}

// begin sends the browser to the tool's login: by a form where the product does that, else by a redirect.
func (p *Platform) begin(w http.ResponseWriter, r *http.Request, framed bool) {
	to, form := p.Begin(r.PathValue("user"), r.PathValue("course"), r.PathValue("link"), framed)
	if p.conf.Mode == Moodle || p.conf.Mode.canvas() {
		send(w, to, form)
		return
	}
	http.Redirect(w, r, to+"?"+form.Encode(), http.StatusFound)
}

func (p *Platform) grades(w http.ResponseWriter, r *http.Request) {
	type row struct {
		User  string
		Cells []string
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.courses[r.PathValue("course")]
	var rows []row
	for _, id := range c.Members {
		line := row{User: id}
		for _, i := range c.Items {
			text := ""
			if cell := i.Cells[id]; cell != nil && cell.Score != nil {
				text = fmt.Sprintf("%g / %g", *cell.Score, i.Max)
			}
			line.Cells = append(line.Cells, text)
		}
		rows = append(rows, line)
	}
	p.show(w, "grades", map[string]any{"Items": c.Items, "Rows": rows})
}

// A State is all that a test in another process may want to know.
type State struct {
	Courses  map[string]CourseState `json:"courses"`
	Requests map[string]int         `json:"requests"`
}

// A CourseState is a course's part of it.
type CourseState struct {
	Links   []*Link                     `json:"links"`
	Grades  map[string]map[string]*Cell `json:"grades"` // by the column's label, then the user
	Members []string                    `json:"members"`
}

// forTests adds what a test in another process does to a platform.
func (p *Platform) forTests() {
	p.mux.HandleFunc("GET /test/state", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		s := State{map[string]CourseState{}, p.requests}
		for id, c := range p.courses {
			grades := map[string]map[string]*Cell{}
			for _, i := range c.Items {
				grades[i.Label] = i.Cells
			}
			s.Courses[id] = CourseState{c.Links, grades, c.Members}
		}
		answer(w, "application/json", http.StatusOK, s)
	})
	type order struct {
		Course, Title, Item, User, Service, Copy, Tool string
		Custom                                         map[string]string
		Max, Score                                     float64
		Fault                                          Fault
	}
	does := map[string]func(m order) any{
		"link":   func(m order) any { return p.AddLink(m.Course, m.Title, m.Custom, m.Max) },
		"course": func(m order) any { p.AddCourse(m.Course, m.Title, m.Copy, "tina", "s1", "s2"); return nil },
		"grade": func(m order) any {
			for _, i := range p.Items(m.Course) {
				if i.Label == m.Item {
					p.TeacherGrades(m.Course, i.ID, m.User, m.Score)
				}
			}
			return nil
		},
		"fail":   func(m order) any { p.Break(m.Service, m.Fault); return nil },
		"keys":   func(order) any { p.Rotate(); return nil },
		"expire": func(order) any { p.Expire(); return nil },
		"drop":   func(m order) any { p.Drop(m.Course, m.User); return nil },
		"tool":   func(m order) any { p.SetTool(m.Tool); return p.Registration() },
	}
	for _, name := range slices.Sorted(maps.Keys(does)) {
		p.mux.HandleFunc("POST /test/"+name, func(w http.ResponseWriter, r *http.Request) {
			var m order
			if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			answer(w, "application/json", http.StatusOK, does[name](m))
		})
	}
}
