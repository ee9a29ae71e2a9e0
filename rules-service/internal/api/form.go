package api

import (
	"encoding/json"
	"strings"
	"unicode"

	"sluice/rules-service/internal/connector"
)

// about says what something is.
type about struct {
	Trial       bool              `json:"trial"`
	Installed   bool              `json:"installed"`
	Author      map[string]string `json:"author"`
	HelpURL     map[string]string `json:"helpUrl"`
	Description map[string]string `json:"description"`
}

func aboutOf(summary string) about {
	return about{Installed: true, Author: map[string]string{"name": "Sluice"}, HelpURL: map[string]string{}, Description: bilingual(summary)}
}

// bilingual is a text under the keys that clients look for; there is English
// alone.
func bilingual(text string) map[string]string {
	return map[string]string{"en": text, "zh": text, "en_US": text, "zh_CN": text}
}

// form describes the properties of a type for a user interface.
type form struct {
	About      about       `json:"about"`
	Libs       []string    `json:"libs"`
	DataSource *dataSource `json:"dataSource,omitempty"`
	Properties any         `json:"properties"`
	Common     []control   `json:"common,omitempty"` // properties that every type of the kind has
	Node       node        `json:"node"`
	Type       string      `json:"type"`
}

// dataSource describes DATASOURCE of a stream.
type dataSource struct {
	Default string            `json:"default"`
	Hint    map[string]string `json:"hint"`
	Label   map[string]string `json:"label"`
}

// node describes a box in a picture of a rule.
type node struct {
	Category string            `json:"category"`
	Icon     string            `json:"icon"`
	Label    map[string]string `json:"label"`
}

func nodeOf(category, name string) node {
	return node{category, "iconPath", bilingual(titled(name))}
}

// control describes a property.
type control struct {
	Exist             bool              `json:"exist"`
	Name              string            `json:"name"`
	Default           any               `json:"default"`
	Type              string            `json:"type"`
	Control           string            `json:"control"`
	ConnectionRelated bool              `json:"connection_related"`
	Optional          bool              `json:"optional"`
	Values            []any             `json:"values"`
	Hint              map[string]string `json:"hint"`
	Label             map[string]string `json:"label"`
}

// shapes are type and control of a form by the type of a field.
var shapes = map[string]struct {
	typ, control string
	empty        any
}{
	"text":     {"string", "text", ""},
	"template": {"string", "textarea", ""},
	"secret":   {"string", "password", ""},
	"boolean":  {"bool", "radio", false},
	"integer":  {"int", "text", 0},
	"number":   {"float", "text", 0},
	"duration": {"string", "text", ""},
	"list":     {"list_string", "list", []any{}},
	"object":   {"object", "list", map[string]any{}},
}

func controlOf(f connector.Field) control {
	s := shapes[f.Type]
	c := control{Name: f.Name, Default: s.empty, Type: s.typ, Control: s.control, Optional: !f.Required,
		Hint: bilingual(f.Doc), Label: bilingual(titled(f.Name))}
	if f.Default != "" && json.Unmarshal([]byte(f.Default), &c.Default) != nil {
		c.Default = f.Default
	}
	if f.Type == "boolean" {
		c.Values = []any{true, false}
	}
	return c
}

// titled makes words of a name: "sendSingle" is "Send single".
func titled(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsUpper(r) && !unicode.IsUpper(rune(name[i-1])):
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
