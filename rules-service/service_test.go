package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// process is the service as a process of its own.
type process struct {
	*stack.Process
	api, sdk string
	dir      string
}

// configured writes the configuration of a service: rules are further lines of
// its section Rules.
func configured(t *testing.T, rules string) (p *process, args []string) {
	t.Helper()
	p = &process{dir: t.TempDir()}
	api, sdk := servers.FreePort(t), servers.FreePort(t)
	p.api, p.sdk = fmt.Sprintf("http://127.0.0.1:%d", api), fmt.Sprintf("http://127.0.0.1:%d", sdk)
	bus := stack.Bus{Type: "mqtt", Port: servers.FreePort(t)}
	common := stack.WriteFile(t, p.dir, "common.yaml", stack.Common(bus, servers.FreePort(t), servers.FreePort(t)))
	stack.WriteFile(t, p.dir, "res/configuration.yaml", fmt.Sprintf(`
Writable: {LogLevel: INFO, InsecureSecrets: {plain: {SecretName: plain, SecretData: {user: planted-insecure}}}}
Service: {Host: 127.0.0.1, Port: %d, StartupMsg: rules service started}
MessageBus: {Disabled: true}
Trigger: {Type: http}
Rules:
  Port: %d
  DataDir: %q
%s`, sdk, api, filepath.Join(p.dir, "data"), rules))
	return p, []string{"-cc", common, "-cd", filepath.Join(p.dir, "res")}
}

// launch starts the service and waits until it is ready.
func launch(t *testing.T, rules string, env ...string) *process {
	t.Helper()
	p, args := configured(t, rules)
	p.begin(t, args, env)
	stack.Answers(t, p.api+"/readyz")
	return p
}

func (p *process) begin(t *testing.T, args, env []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.Process = stack.Start(t, append([]string{serviceRole + "=1"}, env...), self, args...)
}

func (p *process) call(t *testing.T, want int, method, path, body string) string {
	t.Helper()
	return stack.MustCall(t, want, method, p.api+path, body)
}

// until polls a path until its answer has the text.
func (p *process) until(t *testing.T, path, text string) string {
	t.Helper()
	var answer string
	stack.Eventually(t, func(ctx context.Context) error {
		_, got, err := stack.Call(ctx, "GET", p.api+path, "")
		if answer = got; err == nil && !strings.Contains(got, text) {
			err = fmt.Errorf("%s has no %s: %s", path, text, got)
		}
		return err
	})
	return answer
}

// ticks is a stream with a row every 20 ms.
const ticks = `{"sql":"CREATE STREAM ticks () WITH (TYPE=\"simulator\", FORMAT=\"json\", EXTRA='{\"data\":[{\"a\":1}],\"interval\":\"20ms\",\"loop\":true}')"}`

// TestSecretsStaySecret: what is configured by name reaches the target, and
// nothing that the service writes or answers.
func TestSecretsStaySecret(t *testing.T) {
	var came atomic.Pointer[string]
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := r.Header.Get("Authorization") + " " + r.Header.Get("X-User")
		came.Store(&all)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "I do not like "+all)
	}))
	defer target.Close()
	p := launch(t, "", "RULES_SECRET_PLANT_A_PASSWORD=planted-variable")
	p.call(t, 201, "POST", "/streams", ticks)
	p.call(t, 201, "POST", "/rules", fmt.Sprintf(`{"id":"shout","sql":"SELECT a FROM ticks","actions":[
		{"rest":{"url":"%s","headers":{"Authorization":"secret://plant/a/password","X-User":"secret://plain/user"}}},
		{"mqtt":{"server":"tcp://127.0.0.1:%d","topic":"t","username":"secret://plain/user","password":"secret://plant/a/password"}}]}`, target.URL, servers.FreePort(t)))
	p.call(t, 201, "POST", "/rules", `{"id":"lost","sql":"SELECT a FROM ticks","actions":[{"rest":{"url":"http://127.0.0.1:1/","headers":{"A":"secret://nowhere/key"}}}]}`)
	p.until(t, "/rules/shout/status", "I do not like")
	if got := came.Load(); got == nil || *got != "planted-variable planted-insecure" {
		t.Fatalf("the target got %v", got)
	}
	p.until(t, "/rules/lost/status", "secret nowhere, key key: neither the variable RULES_SECRET_NOWHERE_KEY nor Writable.InsecureSecrets has it")
	p.call(t, 204, "PATCH", "/configs", `{"logLevel":"debug"}`)
	for _, path := range []string{"/rules/shout", "/rules/shout/status", "/v2/rules/shout/status", "/rules/status/all", "/rules", "/streams/ticks", "/rules/shout/topo",
		"/rules/shout/explain", "/data/export", "/v2/data/export", "/data/export?secrets=true", "/connections", "/deadletters", "/metrics", "/", "/metadata/sinks/rest"} {
		_, text, err := stack.Call(t.Context(), "GET", p.api+path, "")
		if err != nil || strings.Contains(text, "planted") {
			t.Errorf("GET %s: %v %s", path, err, text)
		}
	}
	_, text, err := stack.Call(t.Context(), "POST", p.api+"/ruleset/export", "")
	if err != nil || strings.Contains(text, "planted") || !strings.Contains(text, "secret://plant/a/password") {
		t.Errorf("the ruleset does not name the secret: %v %s", err, text)
	}
	// The SDK shows its insecure secrets; those in variables it does not know.
	if text := stack.MustCall(t, 200, "GET", p.sdk+"/api/v3/config", ""); strings.Contains(text, "planted-variable") || !strings.Contains(text, "planted-insecure") {
		t.Errorf("docs/operations.md is wrong about /api/v3/config: %s", text)
	}
	if !p.Stop(time.Minute) {
		t.Error("it does not end")
	}
	if strings.Contains(p.Output(), "planted") || !strings.Contains(p.Output(), "I do not like") {
		t.Errorf("the log shows a secret, or not the error: %s", p.Output())
	}
	err = filepath.WalkDir(filepath.Join(p.dir, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), "planted") {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// stuck is a target that answers nothing until it is freed.
func stuck(t *testing.T) (url string, called <-chan struct{}) {
	t.Helper()
	free, first := make(chan struct{}), make(chan struct{}, 1)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case first <- struct{}{}:
		default:
		}
		select {
		case <-free:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(free); target.Close() })
	return target.URL, first
}

func wait(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(stack.Patience):
		t.Fatal("nothing came")
	}
}

// TestStopLeavesTheRestOnDisk: what a target does not take in time is there
// after the next start.
func TestStopLeavesTheRestOnDisk(t *testing.T) {
	url, called := stuck(t)
	p := launch(t, "  GracefulShutdownTimeout: 3s\n")
	p.call(t, 201, "POST", "/streams", ticks)
	p.call(t, 201, "POST", "/rules", fmt.Sprintf(`{"id":"slow","sql":"SELECT a FROM ticks","actions":[{"rest":{"url":"%s","timeout":"10m"}}]}`, url))
	wait(t, called)
	if !p.Stop(time.Minute) {
		t.Fatal("it does not end")
	}
	if code := p.Cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.Output())
	}
	var size int64
	_ = filepath.WalkDir(filepath.Join(p.dir, "data", "queues"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if size == 0 {
		t.Errorf("nothing is on disk: %s", p.Output())
	}
}

// TestSecondSignal: the first one waits for the sinks, the second one does not.
func TestSecondSignal(t *testing.T) {
	url, called := stuck(t)
	p := launch(t, "  GracefulShutdownTimeout: 10m\n")
	p.call(t, 201, "POST", "/streams", ticks)
	p.call(t, 201, "POST", "/rules", fmt.Sprintf(`{"id":"slow","sql":"SELECT a FROM ticks","actions":[{"rest":{"url":"%s","timeout":"10m"}}]}`, url))
	wait(t, called)
	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	stack.Eventually(t, func(ctx context.Context) error {
		_, _, err := stack.Call(ctx, "GET", p.api+"/ping", "")
		if err == nil {
			return errors.New("the API still answers")
		}
		return nil
	})
	if !p.Stop(time.Minute) { // a second SIGTERM
		t.Fatal("it does not end")
	}
	if code := p.Cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.Output(), "a second signal: ended at once") {
		t.Errorf("exit code %d: %s", code, p.Output())
	}
}

// TestStartThatCannotBe: what is wrong is the last line, and short.
func TestStartThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		prepare     func(p *process) error
		env, want   string
	}{
		{name: "a file in place of the folder", prepare: func(p *process) error {
			return os.WriteFile(filepath.Join(p.dir, "data"), nil, 0o600)
		}, want: "open store: mkdir"},
		{name: "a broken store", prepare: func(p *process) error {
			if err := os.Mkdir(filepath.Join(p.dir, "data"), 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(p.dir, "data", "sluice.db"), []byte(strings.Repeat("broken", 5000)), 0o600)
		}, want: "the file is damaged: put back a copy of it, or move it away to start without streams and rules"},
		{name: "a certificate that is not there", rules: "  RestTLS: {CertFile: none.pem, KeyFile: none.pem}\n", want: "rules API: certificate: open none.pem"},
		{name: "keys that are not there", rules: "  Authentication: \"true\"\n  PublicKeys: nowhere\n", want: "Rules.PublicKeys: folder of public keys: open nowhere"},
		{name: "an unknown key", rules: "  Metrics: {MaxRule: 1}\n", want: "configuration key Rules.Metrics.MaxRule: unknown; did you mean Metrics.MaxRules?"},
		{name: "a bad variable", env: "KUIPER__BASIC__RESTPORT=many", want: `environment variable KUIPER__BASIC__RESTPORT: "many" must be a whole number`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, args := configured(t, c.rules)
			if c.prepare != nil {
				if err := c.prepare(p); err != nil {
					t.Fatal(err)
				}
			}
			p.begin(t, args, []string{c.env})
			stack.Eventually(t, func(context.Context) error {
				if p.Running() {
					return errors.New("it runs")
				}
				return nil
			})
			// A goroutine of the SDK may still log behind it.
			_, reason, _ := strings.Cut(p.Output(), "\nrules-service: ")
			reason, _, _ = strings.Cut(reason, "\n")
			if p.Cmd.ProcessState.ExitCode() != 1 || !strings.Contains(reason, c.want) {
				t.Errorf("exit code %d, reason %q", p.Cmd.ProcessState.ExitCode(), reason)
			}
		})
	}
}

// TestSettingsThatChange: level and time zone at once, and the log as JSON.
func TestSettingsThatChange(t *testing.T) {
	p := launch(t, "  LogFormat: json\n  LogLevel: warn\n  Timezone: UTC\n")
	p.call(t, 204, "PATCH", "/configs", `{"logLevel":"debug"}`)
	p.call(t, 200, "GET", "/streams", "")
	stack.Eventually(t, func(context.Context) error {
		for line := range strings.Lines(p.Output()) {
			var entry struct{ Level, Msg, Path string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "DEBUG" && entry.Msg == "request" && entry.Path == "/streams" {
				return nil
			}
		}
		return fmt.Errorf("no such line: %s", p.Output())
	})
	p.call(t, 201, "POST", "/streams", ticks)
	// It runs in one half of the day of any time zone.
	p.call(t, 201, "POST", "/rules", fmt.Sprintf(`{"id":"daily","sql":"SELECT a FROM ticks","actions":[{"nop":{}}],"options":{"cron":"0 %d * * *","duration":"12h"}}`, time.Now().UTC().Hour()))
	p.until(t, "/rules/daily/status", `"status":"running"`)
	p.call(t, 204, "PATCH", "/configs", `{"timezone":"Asia/Tokyo"}`)
	p.call(t, 204, "PATCH", "/configs", `{"timezone":"Etc/GMT+5"}`) // where that hour has not come
	p.until(t, "/rules/daily/status", `stopped: waiting for next schedule.`)
	p.call(t, 400, "PATCH", "/configs", `{"logLevel":"loud"}`)
	if text := p.call(t, 200, "GET", "/metrics", ""); !strings.Contains(text, `sluice_rules{state="stopped: waiting for next schedule."} 1`) {
		t.Errorf("metrics:\n%s", text)
	}
}

// TestInitialRuleset: init.json in the data folder is there after the start, and
// an import of everything may end the service so that it is started again.
func TestInitialRuleset(t *testing.T) {
	p, args := configured(t, "")
	stack.WriteFile(t, p.dir, "data/init.json", `{"streams":{"s":"CREATE STREAM s () WITH (TYPE=\"simulator\", FORMAT=\"json\", EXTRA='{\"data\":[{\"a\":1}]}')"},"tables":{},
		"rules":{"first":"{\"id\":\"first\",\"sql\":\"SELECT a FROM s\",\"actions\":[{\"nop\":{}}]}"}}`)
	p.begin(t, args, nil)
	stack.Answers(t, p.api+"/readyz")
	if text := p.call(t, 200, "GET", "/rules", ""); !strings.Contains(text, `"id":"first"`) {
		t.Errorf("rules %s: %s", text, p.Output())
	}
	p.call(t, 200, "POST", "/data/import?stop=1", `{"content":"{\"streams\":{},\"tables\":{},\"rules\":{}}"}`)
	stack.Eventually(t, func(context.Context) error {
		if p.Running() {
			return errors.New("it runs")
		}
		return nil
	})
	if code := p.Cmd.ProcessState.ExitCode(); code != restartCode {
		t.Errorf("exit code %d: %s", code, p.Output())
	}
}

// TestTokens: the service's own token, and none.
func TestTokens(t *testing.T) {
	p := launch(t, "  Authentication: \"true\"\n")
	token, err := os.ReadFile(filepath.Join(p.dir, "data", "token"))
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]int{"": 401, "Bearer x": 401, "Bearer " + strings.TrimSpace(string(token)): 200} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", p.api+"/rules", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", given)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%d, want %d", res.StatusCode, want)
		}
	}
	if strings.Contains(p.Output(), strings.TrimSpace(string(token))) {
		t.Error("the token is in the log")
	}
}
