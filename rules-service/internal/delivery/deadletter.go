package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// deadLetters keeps the messages that no attempt brings through: a file of
// JSON lines, and the one before it. Without a path it keeps nothing.
type deadLetters struct {
	path string
	most int64 // of both files together

	mu     sync.Mutex
	file   *os.File
	size   int64
	lastID uint64

	replaying sync.Mutex // held by the one replay that is under way
}

// DeadLetter is a message that no attempt brought through: a line of the file.
// There it holds all that was to be sent, secrets too; what the Pool shows of
// it does not.
type DeadLetter struct {
	ID      string            `json:"id"`
	Time    time.Time         `json:"time"`
	Rule    string            `json:"rule"`
	Action  string            `json:"action"`
	Error   string            `json:"error"`
	Values  map[string]string `json:"values,omitempty"`
	Payload *string           `json:"payload,omitempty"`
	Base64  []byte            `json:"payloadBase64,omitempty"` // when it is no text
}

const hidden = "<secret>"

func letterOf(it *item, reason string, now time.Time) DeadLetter {
	a := it.target.action()
	l := DeadLetter{Time: now, Rule: a.rule, Action: a.name, Error: reason, Values: it.Values}
	if !utf8.Valid(it.Payload) {
		l.Base64 = it.Payload
		return l
	}
	text := string(it.Payload)
	l.Payload = &text
	return l
}

// outbound is the message again.
func (l *DeadLetter) outbound() connector.Outbound {
	out := connector.Outbound{Payload: l.Base64, Values: l.Values, Rule: l.Rule}
	if l.Payload != nil {
		out.Payload = []byte(*l.Payload)
	}
	return out
}

// shown are evaluated properties without what may be secret: headers, and keys
// in URLs.
func shown(values map[string]string) map[string]string {
	out := make(map[string]string, len(values))
	for name, v := range values {
		switch {
		case strings.HasPrefix(name, "headers."):
			v = hidden
		case strings.Contains(v, "://"):
			v = httpclient.Redact(v)
		}
		out[name] = v
	}
	return out
}

// write keeps messages with the reason why they are given up.
func (d *deadLetters) write(items []item, reason error) error {
	if d.path == "" {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var lines []byte
	now := time.Now()
	for i := range items {
		l := letterOf(&items[i], reason.Error(), now)
		l.ID = d.nextID(now)
		line, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("dead letter: %w", err)
		}
		lines = append(append(lines, line...), '\n')
	}
	if err := d.makeRoom(int64(len(lines))); err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	if _, err := d.file.Write(lines); err != nil {
		return fmt.Errorf("dead letters: %w", errors.Join(err, d.shut())) // open mends it
	}
	d.size += int64(len(lines))
	return nil
}

// nextID is a name that no other letter has; mu is held.
func (d *deadLetters) nextID(now time.Time) string {
	d.lastID = max(d.lastID+1, uint64(now.UnixNano()))
	return strconv.FormatUint(d.lastID, 36)
}

// makeRoom opens the file, and begins a new one when it would grow too large.
func (d *deadLetters) makeRoom(size int64) error {
	if d.file == nil {
		if err := d.open(); err != nil {
			return err
		}
	}
	if d.size == 0 || d.size+size <= d.most/2 {
		return nil
	}
	if err := errors.Join(d.shut(), os.Rename(d.path, d.previous())); err != nil {
		return err
	}
	return d.open()
}

func (d *deadLetters) open() error {
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	size, err := endLine(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.file, d.size = f, size
	return nil
}

// endLine ends a line that was cut, so that the next letter is not part of it,
// and returns the size of the file.
func endLine(f *os.File) (size int64, err error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return 0, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return info.Size(), err
	}
	n, err := f.WriteString("\n")
	return info.Size() + int64(n), err
}

// previous is the path of the file before this one.
func (d *deadLetters) previous() string {
	ext := filepath.Ext(d.path)
	return strings.TrimSuffix(d.path, ext) + ".1" + ext
}

func (d *deadLetters) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shut()
}

// shut closes the file until the next letter; mu is held.
func (d *deadLetters) shut() error {
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	d.file = nil
	return err
}
