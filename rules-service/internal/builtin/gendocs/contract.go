package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"sluice/rules-service/internal/connector"
)

// promise is a property that every sink of eKuiper 2.4 has.
type promise struct {
	name string
	def  string // its default there, as JSON; "" when it is empty
	ours string // what differs here; "": nothing but what the property says
}

// promises are the common properties of eKuiper's sinks, in its order.
var promises = []promise{
	{"sendSingle", "", ""},
	{"omitIfEmpty", "", ""},
	{"fields", "", ""},
	{"excludeFields", "", ""},
	{"dataField", "", ""},
	{"dataTemplate", "", "functions that read the environment or ask a name server (env, expandenv, getHostByName) are refused: templates must not show secrets of the service, nor wait"},
	{"format", `"json"`, "cbor beside; custom is refused: it is a plugin there, and formats are compiled in here"},
	{"schemaId", "", ""},
	{"delimiter", `","`, "what holds the delimiter, a quote or a line feed is quoted"},
	{"hasHeader", "", "a line at the beginning of each payload; there it stands with four bytes of length in front of single rows"},
	{"batchSize", "", "a rest is sent after lingerInterval and when the rule stops; there it waits for ever"},
	{"lingerInterval", "", "1 s when batchSize is set alone"},
	{"concurrency", "1", "has no effect: results come in order"},
	{"bufferLength", "1024", "a full queue holds the rule back; there the oldest message is dropped"},
	{"compression", "", ""},
	{"compressionProps", "", ""},
	{"encryption", "", ""},
	{"encProps", "", "with aad and no iv, the random iv stands in front of the tag; there it is not sent, so nobody can decrypt"},
	{"enableCache", "", "what a target cannot take waits on disk without it too"},
	{"memoryCacheThreshold", "1024", "has no effect: bufferLength bounds the memory"},
	{"maxDiskCache", "1024000", "0 by default: the bytes on disk count for all actions of a connection together; counted in messages when it is set together with enableCache"},
	{"bufferPageSize", "256", ""},
	{"resendInterval", "", "0 is a back-off from 100 ms to 30 s; there it is an error once the cache overflows"},
	{"cleanCacheAtStop", "", ""},
	{"resendAlterQueue", "", ""},
	{"resendPriority", "", ""},
	{"resendIndicatorField", "", ""},
	{"resendDestination", "", ""},
	{"resourceId", "", ""},
	{"connectionSelector", "", "equal connections are shared without it"},
}

// compare writes how the properties of every sink keep what eKuiper promises,
// what has no effect and why, and what is there beside.
func compare(b *bytes.Buffer, fields []connector.Field) {
	b.WriteString("\n### Properties of every sink, compared with eKuiper 2.4\n\n| Property | Default there | Default here | Difference |\n|---|---|---|---|\n")
	for _, p := range promises {
		f := fieldNamed(fields, p.name)
		if !f.Ignored {
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.name, p.def, f.Default, cmp.Or(p.ours, "none"))
		}
	}
	withoutEffect(b, fields)
	b.WriteString("\nLikewise, as eKuiper's 1.x had them and EdgeX's UI sends them: ")
	for i, name := range connector.RetiredSinkProperties() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "`%s`", name)
	}
	b.WriteString(".\n\nOnly here:")
	for _, f := range fields {
		if !slices.ContainsFunc(promises, func(p promise) bool { return p.name == f.Name }) {
			fmt.Fprintf(b, " `%s`", f.Name)
		}
	}
	b.WriteString(".\n")
}

// withoutEffect lists the properties that are ignored, with the reason.
func withoutEffect(b *bytes.Buffer, fields []connector.Field) {
	reasons(b, "Taken with a warning, without effect", fields, func(f *connector.Field) bool { return f.Ignored })
}

// notTaken lists the properties that are refused, with the reason.
func notTaken(b *bytes.Buffer, fields []connector.Field) {
	reasons(b, "Not taken, unless they have their default", fields, func(f *connector.Field) bool { return f.Unsupported })
}

func reasons(b *bytes.Buffer, title string, fields []connector.Field, of func(*connector.Field) bool) {
	fmt.Fprintf(b, "\n%s:\n\n| Property | Meaning with eKuiper | Why not here |\n|---|---|---|\n", title)
	for i := range fields {
		if f := &fields[i]; of(f) {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Name, f.Doc, f.Reason)
		}
	}
}

// fieldNamed panics when there is none: the list above is wrong then.
func fieldNamed(fields []connector.Field, name string) connector.Field {
	i := slices.IndexFunc(fields, func(f connector.Field) bool { return f.Name == name })
	if i < 0 {
		panic("no property " + name)
	}
	return fields[i]
}
