package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/rules-service/internal/rule"
)

// totalHeader carries the length of the whole list where a page is answered.
const totalHeader = "X-Total-Count"

// pageOf reads limit and offset.
func pageOf(r *http.Request) (p rule.Page, err error) {
	q := r.URL.Query()
	for name, to := range map[string]*int{"limit": &p.Limit, "offset": &p.Offset} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		if *to, err = strconv.Atoi(text); err != nil || *to < 0 {
			return p, fmt.Errorf("%s must be a whole number of at least 0, not %q", name, text)
		}
	}
	return p, nil
}

// filterOf reads what picks rules: tag, status, q, limit and offset.
func filterOf(r *http.Request) (f rule.Filter, err error) {
	q := r.URL.Query()
	f.Tags, f.Status, f.Text = q["tag"], rule.State(q.Get("status")), q.Get("q")
	if f.Status != "" && !slices.Contains(rule.States, f.Status) {
		names := make([]string, len(rule.States))
		for i, s := range rule.States {
			names[i] = strconv.Quote(string(s))
		}
		return f, fmt.Errorf("status %q is unknown; there are %s", f.Status, strings.Join(names, ", "))
	}
	f.Page, err = pageOf(r)
	return f, err
}

// writeTotal must come before the answer.
func writeTotal(w http.ResponseWriter, total int) {
	w.Header().Set(totalHeader, strconv.Itoa(total))
}

// writePage answers with the part of a list that is asked for: what has q in
// its name, from offset on, at most limit.
func writePage[E any](w http.ResponseWriter, r *http.Request, list []E, name func(E) string) error {
	p, err := pageOf(r)
	if err != nil {
		return err
	}
	if q := strings.ToLower(r.URL.Query().Get("q")); q != "" {
		list = slices.DeleteFunc(list, func(e E) bool { return !strings.Contains(strings.ToLower(name(e)), q) })
	}
	writeTotal(w, len(list))
	from, to := p.Of(len(list))
	writeJSON(w, http.StatusOK, list[from:to])
	return nil
}
