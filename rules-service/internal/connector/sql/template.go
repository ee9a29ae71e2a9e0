package sql

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"sluice/sqlengine/value"
)

// templateQuery is a statement with actions in which values stand. They become
// parameters: a value that is in the database already must not be read as a
// part of the statement.
type templateQuery struct {
	dialect dialect
	text    *template.Template
	indexes []Index
}

// quotedAction is one with quotes around it, which a parameter must not have.
var quotedAction = regexp.MustCompile(`'\s*(\{\{[^{}]*\}\})\s*'`)

// mark is around the number of a value while a statement is put together.
const mark = "\x00"

func newTemplateQuery(d dialect, c *TemplateQuery) (*query, error) {
	t := &templateQuery{dialect: d, indexes: c.list()}
	start, err := startOf(t.indexes)
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(c.SQL), mark) {
		return nil, errors.New(`property "templateSql": it has a zero byte`)
	}
	t.text, err = template.New("templateSql").Parse(quotedAction.ReplaceAllString(string(c.SQL), "$1"))
	if err != nil {
		return nil, fmt.Errorf("property \"templateSql\": %s", strings.TrimPrefix(err.Error(), "template: "))
	}
	q := &query{start: start, behind: t.behind}
	some := make([]value.Value, len(t.indexes))
	for i := range t.indexes {
		q.indexes = append(q.indexes, t.indexes[i].Field)
		some[i] = value.OfInt(0)
	}
	for _, at := range [][]value.Value{start, some} {
		if _, err := t.behind(at); err != nil {
			return nil, fmt.Errorf("property \"templateSql\": %w", err)
		}
	}
	return q, nil
}

// behind is the statement for a position.
func (t *templateQuery) behind(at []value.Value) (statement, error) {
	data := map[string]string{}
	for i := range at {
		data[t.indexes[i].Field] = mark + strconv.Itoa(i) + mark
	}
	var b strings.Builder
	if err := t.text.Execute(&limited{w: &b, left: mostTemplate}, data); err != nil {
		return statement{}, errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	if strings.Contains(b.String(), "<no value>") {
		return statement{}, errors.New("a value is missing; name the column in indexFields, and give its indexValue")
	}
	return t.bind(b.String(), at)
}

// bind puts parameters where values are marked.
func (t *templateQuery) bind(text string, at []value.Value) (statement, error) {
	st := statement{}
	var b strings.Builder
	for i, part := range strings.Split(text, mark) {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n >= len(at) {
			return st, errors.New("a value is changed by a function; leave that to the database")
		}
		if strings.Count(b.String(), "'")%2 == 1 {
			return st, errors.New("a value stands inside of a text; put it beside the text, as in concat('%', {{.name}})")
		}
		st.args = append(st.args, t.param(n, at[n]))
		b.WriteString(t.dialect.placeholder(len(st.args)))
	}
	st.text = b.String()
	return st, nil
}

func (t *templateQuery) param(i int, v value.Value) any {
	if form := t.indexes[i].Format; form != "" && v.Kind() == value.Time {
		return time.Unix(0, v.Time()).UTC().Format(layoutOf(form))
	}
	return t.dialect.param(v)
}

// mostTemplate bounds a statement.
const mostTemplate = 1 << 20

// limited keeps a template from filling the memory.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= len(b); l.left < 0 {
		return 0, errors.New("the statement is too long")
	}
	return l.w.Write(b)
}
