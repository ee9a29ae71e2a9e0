package httpclient

import "testing"

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"no address: a:b@c":     "no address: a:b@c",
		"tcp://host:1883":       "tcp://host:1883",
		"tcp://u:hush@host:1":   "tcp://u:<secret>@host:1",
		"redis://:hush@host":    "redis://:<secret>@host",
		"http://h/x?a=1&KEY=p%": "http://h/x?a=1&KEY=<secret>",
		"http://h/{{.a b}}?access_token=hush&b={{.c}}": "http://h/{{.a b}}?access_token=<secret>&b={{.c}}",
		"https://open.feishu.cn/bot/v2/hook/hush":      "https://open.feishu.cn/bot/v2/hook/<secret>",
		"tcp://a:hush@x, tcp://b:hush@y":               "tcp://a:<secret>@x, tcp://b:<secret>@y",
		"http://h/mail:a@b?monkey=1":                   "http://h/mail:a@b?monkey=1",
	} {
		if got := Mask(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if twice := Mask(want); twice != want {
			t.Errorf("%q masked again: %q", want, twice)
		}
	}
}
