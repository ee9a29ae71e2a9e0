package sqltest

import "strings"

// archive is a txtar file: a comment and named sections, each behind a line
// "-- name --".
type archive struct {
	comment  string
	sections []section
}

type section struct {
	name, text string
	line       int // of the marker
}

func parseArchive(data string) archive {
	var a archive
	text := &a.comment
	line := 0
	for s := range strings.Lines(data) {
		line++
		if name, ok := marker(s); ok {
			a.sections = append(a.sections, section{name: name, line: line})
			text = &a.sections[len(a.sections)-1].text
			continue
		}
		*text += s
	}
	return a
}

func marker(line string) (string, bool) {
	name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, " --")
}

// find returns the section of that name, nil when there is none.
func (a *archive) find(name string) *section {
	for i := range a.sections {
		if a.sections[i].name == name {
			return &a.sections[i]
		}
	}
	return nil
}

func (a *archive) has(name string) bool { return a.find(name) != nil }

// text of a section, empty when there is none.
func (a *archive) text(name string) string {
	if s := a.find(name); s != nil {
		return s.text
	}
	return ""
}

// with is the archive with these sections in place of the old ones of their
// names, or behind the others, and without the sections named.
func (a *archive) with(put []section, without ...string) archive {
	b := archive{comment: a.comment}
	for _, s := range a.sections {
		keep := true
		for _, name := range without {
			keep = keep && s.name != name
		}
		for _, p := range put {
			if p.name == s.name {
				s.text, keep = p.text, true
			}
		}
		if keep {
			b.sections = append(b.sections, s)
		}
	}
	for _, p := range put {
		if !b.has(p.name) {
			b.sections = append(b.sections, p)
		}
	}
	return b
}

func (a *archive) format() string {
	var b strings.Builder
	b.WriteString(a.comment)
	for _, s := range a.sections {
		b.WriteString("-- " + s.name + " --\n" + s.text)
		if s.text != "" && !strings.HasSuffix(s.text, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
