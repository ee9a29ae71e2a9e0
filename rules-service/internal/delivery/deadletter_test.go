package delivery

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"sluice/rules-service/internal/connector"
)

// A line that was cut by the end of a process, or by a full disk, does not
// spoil the one that follows.
func TestLetterBehindATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	must(t, os.WriteFile(path, []byte(`{"id":"x","rule":"r`), 0o600))
	d := &deadLetters{path: path, most: 1 << 20}
	it := item{target: &Target{rule: "r1"}}
	it.Payload = []byte("a")
	must(t, d.write([]item{it}, errRefused))
	n := 0
	must(t, d.each(func(*DeadLetter) { n++ }))
	if n != 1 {
		t.Errorf("%d letters", n)
	}
	must(t, d.close())
}

func lettersIn(t *testing.T, path string) (all []DeadLetter) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var l DeadLetter
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, l)
	}
	return all
}

// What no attempt brings through is kept with the reason.
func TestDeadLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "dead-letters.jsonl")
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []error{nil, &connector.Partial{Failed: []int{1}, Err: &connector.Permanent{Err: errRefused}}}}
		p := storingPool(fakeSink{f}, Storage{DeadLetters: path})
		target := openRule(t, p, "r1", "t", nil)
		push(target, 0, 1)
		synctest.Wait()
		if _, err := os.Stat(path); err == nil {
			t.Error("there is a file while all is well")
		}
		push(target, 1, 4)
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if s := target.Stats(); s.Dropped != 1 || s.RecordsOut != 3 {
			t.Errorf("%+v", s)
		}
	})
	all := lettersIn(t, path)
	if len(all) != 1 || all[0].Rule != "r1" || all[0].Action != "fake_0" || all[0].Error != "1 messages: refused" ||
		all[0].Values["topic"] != "t" || all[0].Payload == nil || *all[0].Payload != `{"a":2}` || all[0].Time.IsZero() {
		t.Fatalf("%+v", all)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %s, error %v", info.Mode(), err)
	}
}

// Headers and keys in URLs are not shown, but sent again; bytes that are no
// text are kept.
func TestDeadLettersHideSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	p := storingPool(newServer(), Storage{DeadLetters: path})
	it := item{target: &Target{rule: "r1"}}
	it.Payload = []byte{0xFF, 0}
	it.Values = map[string]string{"headers.Authorization": "Bearer hush", "url": "https://u:hush@h/p?key=hush&a=b", "topic": "t"}
	if err := p.letters.write([]item{it}, errRefused); err != nil {
		t.Fatal(err)
	}
	list, n, err := p.DeadLetters(LetterFilter{}, 10)
	if err != nil || n != 1 || len(list) != 1 {
		t.Fatal(list, n, err)
	}
	text, err := json.Marshal(list)
	if err != nil || bytes.Contains(text, []byte("hush")) {
		t.Errorf("error %v: %s", err, text)
	}
	if l := list[0]; l.Values["topic"] != "t" || l.Values["headers.Authorization"] != hidden || l.Payload != nil || !bytes.Equal(l.Base64, it.Payload) {
		t.Errorf("%+v", l)
	}
	kept := lettersIn(t, path)
	if out := kept[0].outbound(); !bytes.Equal(out.Payload, it.Payload) || !maps.Equal(out.Values, it.Values) || out.Rule != "r1" {
		t.Errorf("%+v", out)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %s, error %v", info.Mode(), err)
	}
}

// The file and the one before it stay within their bound.
func TestDeadLettersAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	d := &deadLetters{path: path, most: 8 << 10}
	it := item{target: &Target{rule: "r1"}}
	for n := range 1000 {
		it.Payload = []byte{byte('0' + n%10)}
		if err := d.write([]item{it}, errRefused); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, p := range []string{path, d.previous()} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	all := lettersIn(t, path)
	if size > d.most || len(all) == 0 || *all[len(all)-1].Payload != "9" {
		t.Errorf("%d bytes, %d letters", size, len(all))
	}
}
