package rest

import (
	"errors"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

func TestOpenTokens(t *testing.T) {
	mark := func(name string) string { return openMark + name + closeMark }
	for in, want := range map[string]string{
		"Bearer {{.token}}":                     "Bearer " + mark("token"),
		"{{ .access_token }}{{.device}}":        mark("access_token") + "{{.device}}",
		"{{if .hot}}{{.Token}}{{else}}a{{end}}": "{{if .hot}}" + mark("Token") + "{{else}}a{{end}}",
		"{{range .}}{{.refresh_token}}{{end}}":  "{{range .}}" + mark("refresh_token") + "{{end}}",
		"a token":                               "a token",
		"{{.device}} has a token":               "{{.device}} has a token",
		"{{json .x}}":                           "{{json .x}}",
	} {
		if got, err := openTokens("headers.A", connector.Template(in)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v; want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"{{json .token}}":                 "the token .token can only stand by itself, as {{.token}}",
		"{{if .token}}x{{end}}":           "can only stand by itself",
		"{{(index .token 0)}}":            "can only stand by itself",
		"{{.token.x}}":                    "can only stand by itself",
		`{{$t := .token}}{{$t}}`:          "can only stand by itself",
		`{{define "x"}}{{.token}}{{end}}`: `cannot stand in the template "x"`,
		"{{.token":                        "unclosed action",
	} {
		if _, err := openTokens("headers.A", connector.Template(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
	}
}

func TestFill(t *testing.T) {
	g := httpclient.Grant{Fields: map[string]any{"token": "a b&c", "refresh_token": "r"}}
	in := "x=" + openMark + "token" + closeMark + openMark + "refresh_token" + closeMark
	if got, err := fill(g, in); err != nil || got != "x=a b&cr" {
		t.Error(got, err)
	}
	if got, err := fillURL(g, in); err != nil || got != "x=a+b%26cr" {
		t.Error(got, err)
	}
	if _, err := fill(g, openMark+"id"+closeMark); !errors.Is(err, errNoField) {
		t.Error(err)
	}
}

// What openTokens returns is a template in which nothing is left to open, and it
// never panics.
func FuzzOpenTokens(f *testing.F) {
	for _, s := range []string{"Bearer {{.token}}", "{{if .a}}{{.token}}{{end}}", "{{with .x}}{{.token}}{{else}}{{.b}}{{end}}",
		"{{range $i, $e := .}}{{.token}}{{end}}", `{{define "a"}}{{end}}{{template "a" .token}}`, "{{/* token */}}", "{{break}} token"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once, err := openTokens("p", connector.Template(text))
		if err != nil || string(once) == text {
			return
		}
		if !strings.Contains(string(once), openMark) {
			t.Errorf("%q became %q, which leaves nothing open", text, once)
		}
		if twice, err := openTokens("p", once); err != nil || twice != once {
			t.Errorf("%q became %q, and then %q, %v", text, once, twice, err)
		}
	})
}
