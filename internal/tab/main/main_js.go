// Program main has the labs of a page in the page's worker: it is built for GOOS=js GOARCH=wasm. It
// sets one function, globalThis.wireloomLab, and calls globalThis.wireloomReady with it:
//
//	answer(method, path, query, body) -> Promise of {status, type, file, body}
//	dial(id, since, port)             -> shows a lab by a MessagePort
//
// By the port go texts as by a WebSocket, and last of all {code, reason} from who says goodbye.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"syscall/js"
	"time"

	"wireloom/internal/stream/carrier"
	"wireloom/internal/tab"
)

func main() {
	ctx := context.Background()
	global := js.Global()
	var site tab.Site
	if err := json.Unmarshal([]byte(global.Get("wireloomSite").String()), &site); err != nil {
		panic("site.json can't be read: " + err.Error())
	}
	t, err := tab.New(ctx, site, folder, between())
	if err != nil {
		panic(err)
	}
	global.Call("wireloomReady", js.ValueOf(map[string]any{
		"answer": js.FuncOf(func(_ js.Value, args []js.Value) any {
			r := tab.Request{Method: args[0].String(), Path: args[1].String(), Query: args[2].String(), Body: bytesOf(args[3])}
			return promise(func() js.Value { return answerOf(t.Answer(ctx, r)) })
		}),
		"dial": js.FuncOf(func(_ js.Value, args []js.Value) any {
			dial(ctx, t, args[0].String(), args[1], args[2])
			return nil
		}),
	}))
	select {}
}

// folder reads a file of the site's folder as the worker does.
func folder(_ context.Context, name string) ([]byte, error) {
	v, err := await(js.Global().Call("wireloomRead", name))
	if err != nil {
		return nil, err
	}
	return bytesOf(v), nil
}

// await waits for a promise.
func await(p js.Value) (js.Value, error) {
	type end struct {
		v  js.Value
		ok bool
	}
	ended := make(chan end, 1)
	then := func(ok bool) js.Func {
		return js.FuncOf(func(_ js.Value, args []js.Value) any {
			ended <- end{args[0], ok}
			return nil
		})
	}
	good, bad := then(true), then(false)
	defer good.Release()
	defer bad.Release()
	p.Call("then", good, bad)
	e := <-ended
	if !e.ok {
		return js.Value{}, errors.New(e.v.Call("toString").String())
	}
	return e.v, nil
}

// promise does something beside what the browser does, and promises what comes of it.
func promise(do func() js.Value) js.Value {
	var executor js.Func
	executor = js.FuncOf(func(_ js.Value, args []js.Value) any {
		resolve := args[0]
		go func() {
			defer executor.Release()
			resolve.Invoke(do())
		}()
		return nil
	})
	return js.Global().Get("Promise").New(executor)
}

func bytesOf(v js.Value) []byte {
	if v.IsNull() || v.IsUndefined() {
		return nil
	}
	b := make([]byte, v.Get("length").Int())
	js.CopyBytesToGo(b, v)
	return b
}

func arrayOf(b []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}

func answerOf(a tab.Answer) js.Value {
	return js.ValueOf(map[string]any{"status": a.Status, "type": a.Type, "file": a.File, "body": arrayOf(a.Body)})
}

// dial shows a lab by a port of the page's.
func dial(ctx context.Context, t *tab.Tab, id string, since, port js.Value) {
	var heard js.Func
	p := tab.NewPort(
		func(b []byte) { port.Call("postMessage", string(b)) },
		func(code carrier.CloseCode, reason string) {
			port.Call("postMessage", map[string]any{"code": int(code), "reason": reason})
			port.Call("close")
			heard.Release()
		},
	)
	heard = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if data := args[0].Get("data"); data.Type() == js.TypeString {
			p.Hear([]byte(data.String()))
		} else {
			p.Gone()
		}
		return nil
	})
	port.Set("onmessage", heard)
	var from *uint64
	if since.Type() == js.TypeNumber {
		n := uint64(since.Float())
		from = &n
	}
	go func() {
		if err := t.Show(ctx, id, from, func() (carrier.Conn, error) { return p, nil }); err != nil {
			_ = p.Close(carrier.ClosePolicy, err.Error()) // it never fails
		}
	}()
}

// slice is how long labs may go on before what the page has sent is looked at.
const slice = 10 * time.Millisecond

// between returns what lets the worker's messages come in. A goroutine that has work keeps the
// thread: the browser has it again when all wait, as they do for whoever has the turn while that waits
// for a message to itself.
func between() func() {
	come := make(chan struct{}, 1)
	channel := js.Global().Get("MessageChannel").New()
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		come <- struct{}{}
		return nil
	}))
	last := time.Now()
	return func() {
		if time.Since(last) < slice {
			return
		}
		channel.Get("port2").Call("postMessage", nil)
		<-come
		last = time.Now()
	}
}
