package guest

import "testing"

// A prompt without a newline is seen while the program waits for its answer.
func TestPromptIsSeenBeforeTheAnswer(t *testing.T) {
	module := debianClang(t, "testdata/prompt/prompt.c")
	for _, how := range []string{"fgets", "getchar", "scanf", "getline"} {
		t.Run(how, func(t *testing.T) {
			if got, want := alone("prompt", how).run(t, module), "name?\n"; got != want {
				t.Errorf("got %q, want %q, and that it waits", got, want)
			}
		})
	}
}
