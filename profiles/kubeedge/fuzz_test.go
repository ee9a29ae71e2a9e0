package kubeedge

import (
	"testing"

	"sluice/sqlengine"
)

// Whatever is in a file, reading and converting it ends without a panic. What
// comes of it has streams and rules that compile, and comes back from every
// format.
func FuzzImport(f *testing.F) {
	for _, g := range goldens(f) {
		for _, file := range g.files {
			f.Add(file.Data, false)
			f.Add(file.Data, true)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, literal bool) {
		set, findings := Read(File{"fuzz", data})
		options := Options{}
		if literal {
			options.Semantics = Literal
		}
		result, more := Convert(set, options)
		Report(set, append(findings, more...), Diff(result, Existing{}))
		if append(findings, more...).Errors() != nil {
			return
		}
		checkSQL(t, result)
		for _, format := range []string{V1Alpha2, V1Beta1, OpenYurt} {
			objects, found := Export(format, result.profiles(), result.devices())
			if found.Errors() != nil {
				t.Fatalf("%s: %v", format, found)
			}
			back, found := Read(File{"again", Text(objects)})
			if found.Errors() != nil {
				t.Fatalf("%s: %v\n%s", format, found, Text(objects))
			}
			if format == OpenYurt || len(set.Instances) > 0 { // EdgeX has more than KubeEdge can say
				continue
			}
			if _, found := Convert(back, options); found.Errors() != nil {
				t.Fatalf("%s: %v\n%s", format, found, Text(objects))
			}
		}
	})
}

func checkSQL(t *testing.T, r Result) {
	t.Helper()
	catalog := sqlengine.Streams{}
	for _, s := range r.Streams {
		if err := catalog.Define(s.SQL); err != nil {
			t.Fatalf("%s: %v", s.SQL, err)
		}
	}
	for _, one := range r.Rules {
		if _, err := sqlengine.Compile(one.SQL, catalog, sqlengine.Options{}); err != nil {
			t.Fatalf("%s: %v", one.SQL, err)
		}
	}
}
