package reconcile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"sluice/rules-service/internal/definition"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// command is a request on the REST API, as kuiper-kubernetes-tool has it.
type command struct {
	at     definition.Place
	method string
	path   string // without the query
	target string // with it
	body   string
	item   string // the path of what a POST creates; "": it creates nothing that has one
	brings claim  // a definition that is there afterwards
	ends   claim  // a definition that is not there afterwards
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}

// refused are paths that would end the service, again after each start, or wait
// for the reconciliation that they are part of.
var refused = []string{"/stop", "/reconcile", "/batch/req"}

// readCommands reads {"commands": [{"url": …, "method": …, "data": …}]}.
func readCommands(d *definition.Document) ([]command, error) {
	var file struct {
		Commands []struct {
			URL, Method, Description string
			Data                     json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(d.Text), &file); err != nil {
		return nil, &located{d.At("commands"), fmt.Errorf(`commands must be a list such as [{"url": "/rules", "method": "post", "data": {}}]: %w`, err)}
	}
	if len(file.Commands) == 0 {
		return nil, &located{d.At("commands"), errors.New("no command is in it")}
	}
	var list []command
	for i := range file.Commands {
		in := &file.Commands[i]
		c := command{at: d.At("commands", strconv.Itoa(i)), method: strings.ToUpper(in.Method), target: in.URL}
		if !bytes.Equal(in.Data, []byte("null")) {
			c.body = string(in.Data)
		}
		if err := c.check(); err != nil {
			return nil, &located{c.at, err}
		}
		c.interpret()
		list = append(list, c)
	}
	return list, nil
}

func (c *command) check() error {
	if !slices.Contains(methods, c.method) {
		err := fmt.Errorf("method %q is unknown; there are get, post, put and delete", c.method)
		if near := diag.Nearest(c.method, methods); near != "" {
			err = fmt.Errorf("method %q is unknown; did you mean %s?", c.method, near)
		}
		return err
	}
	u, err := url.Parse(c.target)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if !strings.HasPrefix(c.target, "/") || u.Host != "" {
		return fmt.Errorf("url %q must be a path of the rules API, such as /rules", c.target)
	}
	c.path = path.Clean(u.Path)
	if slices.Contains(refused, strings.ToLower(c.path)) {
		return fmt.Errorf("%s cannot be a command of a file", c.path)
	}
	return nil
}

// interpret finds out what a command creates or deletes.
func (c *command) interpret() {
	group, name := path.Split(c.path)
	group = strings.TrimSuffix(group, "/")
	switch {
	case c.path == "/streams" || c.path == "/tables" || c.method == http.MethodPut && (group == "/streams" || group == "/tables"):
		c.interpretSQL()
	case c.path == "/rules":
		c.bringsRule(c.text("id"))
	case c.method == http.MethodPut && group == "/rules":
		c.bringsRule(name)
	case c.method == http.MethodDelete && group == "/rules":
		c.ends = claim{rule.RuleKind, name}
	case c.method == http.MethodDelete && group == "/streams":
		c.ends = claim{rule.StreamKind, name}
	case c.method == http.MethodDelete && group == "/tables":
		c.ends = claim{rule.TableKind, name}
	case c.path == "/connections":
		c.creates(c.text("id"))
	case group == "/schemas":
		c.creates(c.text("name"))
	}
}

// creates notes what a POST creates.
func (c *command) creates(name string) {
	if c.method == http.MethodPost && name != "" {
		c.item = c.path + "/" + url.PathEscape(name)
	}
}

func (c *command) bringsRule(id string) {
	if id != "" && (c.method == http.MethodPost || c.method == http.MethodPut) {
		c.brings = claim{rule.RuleKind, id}
		c.creates(id)
	}
}

// interpretSQL reads the statement of a POST, which may be any, or of a PUT.
func (c *command) interpretSQL() {
	st, err := sqlengine.ParseStatement(c.text("sql"))
	if err != nil || c.method != http.MethodPost && c.method != http.MethodPut {
		return // the API says what is wrong with it
	}
	switch st.Verb {
	case sqlengine.Create:
		c.brings = claimOf(&st)
		if c.method == http.MethodPost {
			c.item = "/" + string(c.brings.kind) + "s/" + url.PathEscape(st.Name)
		}
	case sqlengine.Drop:
		c.ends = claimOf(&st)
	}
}

// text is a text of the body.
func (c *command) text(key string) string {
	var keys map[string]json.RawMessage
	var text string
	if json.Unmarshal([]byte(c.body), &keys) != nil {
		return ""
	}
	for name, raw := range keys {
		if strings.EqualFold(name, key) && json.Unmarshal(raw, &text) == nil {
			return text
		}
	}
	return ""
}

// bringsOf are the definitions that are there when all commands were done.
func bringsOf(commands []command) (list []claim) {
	for i := range commands {
		c := &commands[i]
		if c.brings.name != "" && !slices.Contains(list, c.brings) {
			list = append(list, c.brings)
		}
		if c.ends.name != "" {
			list = slices.DeleteFunc(list, func(other claim) bool { return other == c.ends })
		}
	}
	return list
}
