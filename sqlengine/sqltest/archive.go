package sqltest

import "strings"

// archive is a txtar file: a comment and named sections, each behind a line
// "-- name --".
type archive struct {
	comment  string
	sections []section
}

type section struct{ name, text string }

func parseArchive(data []byte) archive {
	var a archive
	text := &a.comment
	for line := range strings.Lines(string(data)) {
		if name, ok := marker(line); ok {
			a.sections = append(a.sections, section{name: name})
			text = &a.sections[len(a.sections)-1].text
			continue
		}
		*text += line
	}
	return a
}

func marker(line string) (string, bool) {
	line = strings.TrimSpace(line)
	name, ok := strings.CutPrefix(line, "-- ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, " --")
}

func (a *archive) has(name string) bool {
	for _, s := range a.sections {
		if s.name == name {
			return true
		}
	}
	return false
}

func (a *archive) text(name string) string {
	for _, s := range a.sections {
		if s.name == name {
			return s.text
		}
	}
	return ""
}

func (a *archive) without(names ...string) archive {
	b := archive{comment: a.comment}
	for _, s := range a.sections {
		keep := true
		for _, name := range names {
			keep = keep && s.name != name
		}
		if keep {
			b.sections = append(b.sections, s)
		}
	}
	return b
}

func (a *archive) add(name, text string) { a.sections = append(a.sections, section{name, text}) }

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
