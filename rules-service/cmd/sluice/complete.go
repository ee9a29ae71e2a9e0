package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// completeCmd tells a shell how a command line can go on.
type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// fileWord asks the shell for the names of files.
const fileWord = "<file>"

// nameTimeout is how long somebody who pressed Tab is made to wait.
const nameTimeout = 2 * time.Second

// Run prints what may stand in place of the last word, with descriptions.
func (c *completeCmd) Run(s *session, k *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	at := walk(k.Model.Node, words[:len(words)-1])
	if server := at.set["server"]; server != "" {
		s.api = newClient(server, s.api.token)
	}
	if token := at.set["token"]; token != "" {
		s.api.token = token
	}
	last := words[len(words)-1]
	var b strings.Builder
	for _, candidate := range at.candidates(s, last) {
		if strings.HasPrefix(candidate.word, last) || candidate.word == fileWord {
			b.WriteString(candidate.word + "\t" + oneLine(candidate.help) + "\n")
		}
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}

// candidate is a word that may follow.
type candidate struct{ word, help string }

// position is where in the grammar a command line has come to.
type position struct {
	node  *kong.Node
	given []string   // arguments of the node
	value *kong.Flag // a flag that waits for its value
	set   map[string]string
}

// walk follows the words through the grammar, as far as they fit.
func walk(root *kong.Node, words []string) position {
	p := position{node: root, set: map[string]string{}}
	for _, w := range words {
		switch child := p.child(w); {
		case p.value != nil:
			p.set[p.value.Name], p.value = w, nil
		case strings.HasPrefix(w, "-") && w != standardInput:
			p.option(w)
		case child != nil && len(p.given) == 0:
			p.node = child
		default:
			p.given = append(p.given, w)
		}
	}
	return p
}

// option takes a flag, with its value or without.
func (p *position) option(word string) {
	f := p.flag(word)
	if f == nil || f.IsBool() {
		return
	}
	_, value, complete := strings.Cut(word, "=")
	if !complete {
		p.value = f
		return
	}
	p.set[f.Name] = value
}

func (p *position) child(word string) *kong.Node {
	for _, n := range p.node.Children {
		if n.Name == word {
			return n
		}
	}
	return nil
}

// flags are those that may stand here.
func (p *position) flags() (flags []*kong.Flag) {
	for _, group := range p.node.AllFlags(true) {
		flags = append(flags, group...)
	}
	return flags
}

func (p *position) flag(word string) *kong.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, f := range p.flags() {
		if f.Name == name || f.Short != 0 && word == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

// candidates are the words that may stand here; last is what was typed of them.
func (p *position) candidates(s *session, last string) (list []candidate) {
	switch {
	case p.value != nil:
		return p.values(s, p.value.Value)
	case strings.HasPrefix(last, "-") && last != standardInput:
		for _, f := range p.flags() {
			list = append(list, candidate{"--" + f.Name, f.Help})
		}
		return list
	}
	for _, n := range p.node.Children {
		if !n.Hidden {
			list = append(list, candidate{n.Name, n.Help})
		}
	}
	if i := min(len(p.given), len(p.node.Positional)-1); i >= 0 {
		if arg := p.node.Positional[i]; i == len(p.given) || arg.IsCumulative() {
			list = append(list, p.values(s, arg)...)
		}
	}
	return list
}

// values are what a flag or an argument takes: listed words, names that the
// service knows, or files.
func (p *position) values(s *session, v *kong.Value) (list []candidate) {
	if v.Enum != "" {
		for _, word := range v.EnumSlice() {
			list = append(list, candidate{word, ""})
		}
		return list
	}
	kind := ""
	switch {
	case p.inDevices() && !strings.HasSuffix(v.Name, "file"):
		return p.deviceWords(s, v)
	case p.inOPCUA():
		return p.opcuaWords(s, v)
	case v.Name == "rule":
		kind = "rules"
	case v.Name == "name" && len(p.given) > 0:
		kind = strings.TrimSuffix(p.given[0], "s") + "s"
	case strings.HasPrefix(v.Name, "file") || v.Name == "data" || v.Name == "out" || v.Name == "token-file":
		return []candidate{{fileWord, v.Help}}
	}
	for _, name := range s.names(kind) {
		if !slices.Contains(p.given, name) {
			list = append(list, candidate{name, ""})
		}
	}
	if len(list) == 0 && slices.Contains([]string{"explain", "trial"}, p.node.Name) {
		return []candidate{{fileWord, v.Help}}
	}
	return list
}

// names are those of a kind. A service that does not answer knows none.
func (s *session) names(kind string) (names []string) {
	ctx, cancel := context.WithTimeout(s.ctx, nameTimeout)
	defer cancel()
	if kind == "streams" || kind == "tables" {
		_ = s.api.get(ctx, "/"+kind, &names)
		return names
	}
	if kind != "rules" && kind != "connections" {
		return nil
	}
	var list []struct{ ID string }
	_ = s.api.get(ctx, "/"+kind, &list)
	for _, e := range list {
		names = append(names, e.ID)
	}
	return names
}
