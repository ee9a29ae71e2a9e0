package delivery

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// LetterFilter picks dead letters; the zero value picks all.
type LetterFilter struct {
	Rule string   // "": of all rules
	IDs  []string // empty: whatever their ids
}

func (f *LetterFilter) picks(l *DeadLetter) bool {
	return (f.Rule == "" || f.Rule == l.Rule) && (len(f.IDs) == 0 || slices.Contains(f.IDs, l.ID))
}

// DeadLetters returns the newest letters, at most limit, the oldest of them
// first, and how many there are in all. What may be secret is hidden in them.
func (p *Pool) DeadLetters(f LetterFilter, limit int) (list []DeadLetter, total int, err error) {
	err = p.letters.each(func(l *DeadLetter) {
		if !f.picks(l) {
			return
		}
		if total++; len(list) >= 2*limit { // what is older is left out now and then
			list = slices.Delete(list, 0, len(list)-limit)
		}
		list = append(list, *l)
	})
	list = list[max(0, len(list)-limit):]
	for i := range list {
		list[i].Values = shown(list[i].Values)
	}
	return list, total, err
}

// DropDeadLetters takes letters out of the file, and tells how many.
func (p *Pool) DropDeadLetters(f LetterFilter) (int, error) { return p.letters.remove(f.picks) }

// each shows all letters, the oldest first. Lines that are none are left out. It
// holds up nobody who writes letters.
func (d *deadLetters) each(visit func(*DeadLetter)) error {
	files, err := d.files()
	for _, f := range files {
		err = errors.Join(err, eachLine(f, func(line []byte) error {
			var l DeadLetter
			if json.Unmarshal(line, &l) == nil && l.ID != "" {
				visit(&l)
			}
			return nil
		}), f.Close())
	}
	if err != nil {
		return fmt.Errorf("read dead letters: %w", err)
	}
	return nil
}

// files opens the files as they are at one moment, the older one first.
func (d *deadLetters) files() (list []*os.File, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, path := range d.paths() {
		f, e := os.Open(path)
		if e == nil {
			list = append(list, f)
		}
		err = errors.Join(err, ignoreAbsent(e))
	}
	return list, err
}

// paths are those of the files, the older one first.
func (d *deadLetters) paths() []string {
	if d.path == "" {
		return nil
	}
	return []string{d.previous(), d.path}
}

// remove takes the letters out that are picked, and tells how many.
func (d *deadLetters) remove(picks func(*DeadLetter) bool) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	removed := 0
	for _, path := range d.paths() {
		n, err := rewrite(path, picks)
		if removed += n; err != nil {
			return removed, fmt.Errorf("take out dead letters: %w", err)
		}
	}
	if removed == 0 {
		return 0, nil
	}
	return removed, d.shut() // the file is another one now
}

// rewrite replaces a file by one without the letters that are picked.
func rewrite(path string, picks func(*DeadLetter) bool) (removed int, err error) {
	old, err := os.Open(path)
	if err != nil {
		return 0, ignoreAbsent(err)
	}
	defer old.Close()
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(file)
	err = eachLine(old, func(line []byte) error {
		var l DeadLetter
		if json.Unmarshal(line, &l) == nil && picks(&l) {
			removed++
			return nil
		}
		_, err := out.Write(line)
		return err
	})
	err = errors.Join(err, out.Flush(), file.Sync(), file.Close())
	if err != nil || removed == 0 {
		return 0, errors.Join(err, os.Remove(file.Name()))
	}
	return removed, os.Rename(file.Name(), path)
}

// eachLine shows the lines of a file.
func eachLine(f *os.File, visit func([]byte) error) error {
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a line without an end is not finished
		}
		if err != nil {
			return err
		}
		if err := visit(line); err != nil {
			return err
		}
	}
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
